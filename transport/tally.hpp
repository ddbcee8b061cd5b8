// Says what happens at first, and then how often it happened: strangers must
// not fill the log.

#pragma once

#include <raft/transport/places.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace raft::transport {

/// What is said.
struct report {
  /// Which kind of thing: a few kinds, not chosen by strangers.
  std::string kind;
  std::string text;
  /// 0 if the text is about one of them; else it is about so many more.
  std::uint64_t more = 0;

  friend bool operator==(const report&, const report&) = default;
};

/// Counts what repeats.
class tally {
public:
  using speaker = std::function<void(const report&)>;

  /// For how long the repetitions of something are only counted.
  static constexpr std::chrono::seconds pause{10};

  explicit tally(speaker say) : say_{std::move(say)} {
    // nop
  }

  /// Something has happened.
  /// @param what See `report::kind`.
  /// @param once Says it of this one.
  /// @param again Says it of those that are only counted, behind their number.
  void note(const std::string& what, const std::string& once,
            const std::string& again, moment now);

  /// Says how often things happened whose pause is over.
  void tell(moment now);

  /// When `tell` should be called; none if there is nothing to tell.
  std::optional<moment> next() const;

private:
  struct count {
    std::string again;
    std::uint64_t times = 0;
    moment until{0};
  };

  speaker say_;
  std::map<std::string, count> counts_;
};

} // namespace raft::transport
