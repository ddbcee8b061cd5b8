#include <raft/events/event.hpp>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace raft::events {

namespace {

template <class T>
severity level_of(const T&) {
  return T::how;
}

severity level_of(const note& x) {
  return severity_of(x.kind);
}

severity level_of(const link_failed& x) {
  // The first failure counts; its repetitions are of interest to few.
  return x.repeated ? severity::debug
       : x.refused  ? severity::error
                    : severity::warning;
}

severity level_of(const link_refused& x) {
  return x.repeated ? severity::debug
       : x.passing  ? severity::warning
                    : severity::error;
}

} // namespace

severity severity_of(const event& x) {
  return std::visit([](const auto& what) { return level_of(what); }, x);
}

void abort_on_failure(const event& x) {
  const auto* end = std::get_if<failed>(&x);
  if (end == nullptr)
    return;
  std::fprintf(stderr, "raft: %s\n", end->reason.c_str());
  std::abort();
}

sink or_abort(sink other) {
  return [other = std::move(other)](const event& x) {
    if (other)
      other(x);
    abort_on_failure(x);
  };
}

void tell(const sink& to, const event& what) {
  if (to)
    to(what);
  else
    abort_on_failure(what);
}

} // namespace raft::events
