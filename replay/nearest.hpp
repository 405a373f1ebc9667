// "Did you mean": the known name that is nearest to one that is not known.
#pragma once

#include <span>
#include <string_view>

namespace replay {

/// The first of the `known` names with the fewest letters to insert, delete or exchange; empty if none is near (more
/// than a third of the letters differ, at least two may) or if `name` is longer than 64 bytes.
[[nodiscard]] std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

}  // namespace replay
