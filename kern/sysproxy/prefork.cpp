#include "kern/sysproxy/prefork.hpp"

#include <algorithm>

#include "kern/kernel.hpp"

namespace kern::sysproxy {

Preforks::Preforks(Kernel& kernel, sim::Nanoseconds grace_ns, void (*expired)(void* argument), void* argument)
    : kernel_(kernel), grace_ns_(grace_ns), expired_(expired), argument_(argument) {
  timer_.handler = timer_fired;
  timer_.argument = this;
}

std::uint32_t Preforks::count(std::uint32_t client) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      preforks_, [client](const Prefork& prefork) { return !prefork.orphaned && prefork.client == client; }));
}

Prefork* Preforks::take(const PreforkCookie& cookie) {
  const auto found = std::ranges::find_if(preforks_, [&](const Prefork& prefork) { return prefork.cookie == cookie; });
  if (found == preforks_.end()) {
    return nullptr;
  }
  Prefork& prefork = *found;
  preforks_.erase(found);
  return &prefork;
}

void Preforks::orphan(std::uint32_t client) {
  const sim::Nanoseconds now = kernel_.machine().now();
  const sim::Nanoseconds deadline = grace_ns_ > ~sim::Nanoseconds{0} - now ? ~sim::Nanoseconds{0} : now + grace_ns_;
  bool any = false;
  for (Prefork& prefork : preforks_) {
    if (!prefork.orphaned && prefork.client == client) {
      prefork.orphaned = true;
      prefork.deadline = deadline;
      any = true;
    }
  }
  if (any && !timer_.scheduled) {
    kernel_.machine().schedule(timer_, deadline);
  }
}

Prefork* Preforks::take_expired(std::uint32_t most) {
  std::uint32_t orphans = 0;
  Prefork* first = nullptr;  // of the orphans, who has the least time left
  for (Prefork& prefork : preforks_) {
    if (prefork.orphaned) {
      ++orphans;
      first = first == nullptr || prefork.deadline < first->deadline ? &prefork : first;
    }
  }
  if (first == nullptr) {
    kernel_.machine().cancel(timer_);
    return nullptr;
  }
  if (orphans <= most && first->deadline > kernel_.machine().now()) {
    kernel_.machine().schedule(timer_, first->deadline);
    return nullptr;
  }
  preforks_.erase(preforks_.iterator_to(*first));
  return first;
}

void Preforks::timer_fired(sim::ScheduledEvent& /*event*/, void* preforks) {
  auto& self = *static_cast<Preforks*>(preforks);
  self.expired_(self.argument_);
}

}  // namespace kern::sysproxy
