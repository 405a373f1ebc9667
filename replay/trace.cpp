#include "replay/trace.hpp"

namespace replay {

std::string_view name(InputKind kind) {
  switch (kind) {
    case InputKind::open:
      return "open";
    case InputKind::data:
      return "data";
    case InputKind::close:
      return "close";
  }
  return "unknown";
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::completed:
      return "completed";
    case Outcome::stuck:
      return "stuck";
    case Outcome::panicked:
      return "panicked";
    case Outcome::stopped:
      return "stopped";
    case Outcome::crashed:
      return "crashed";
    case Outcome::failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace replay
