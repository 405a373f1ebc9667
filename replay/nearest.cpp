#include "replay/nearest.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace replay {
namespace {

constexpr std::size_t kLongestName = 64;

/// Letters to insert, delete or exchange to make one of the other. Both are at most kLongestName long.
std::size_t distance(std::string_view from, std::string_view to) {
  std::array<std::size_t, kLongestName + 1> row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t exchanged = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[to.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > kLongestName) {
    return {};
  }
  std::string_view best;
  std::size_t fewest = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kLongestName) {
      continue;
    }
    const std::size_t letters = distance(name, candidate);
    // A name of two letters is not "near" to every other name of two letters.
    if (letters >= fewest || letters >= std::max(name.size(), candidate.size())) {
      continue;
    }
    fewest = letters;
    best = candidate;
  }
  return best;
}

}  // namespace replay
