// The files of a journal in memory, on a disk that can lose what was not
// synced.

#pragma once

#include <raft/base/random.hpp>
#include <raft/persistence/journal_files.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raft::simulation {

/// A process ends in the middle of what it does.
struct process_ends {};

/// Outlives the process that writes it, which may be ended while it writes: in
/// sectors of 512 bytes, each of which is written or is not. What the process
/// did not sync is shown to the next one nevertheless, until the power fails.
class journal_memory final : public persistence::journal_files {
public:
  journal_memory() = default;

  /// @param segment_bytes A multiple of 512.
  journal_memory(std::uint32_t segments, std::uint64_t segment_bytes)
    : limit_{segment_bytes}, shown_(segments) {
    // nop
  }

  /// Where the process ends that writes.
  enum class stop : std::uint8_t {
    nowhere,
    /// In the next write, of which some sectors are left, or none, but not so
    /// many that it is all there.
    in_write,
    /// Behind the next write, before its sync.
    before_sync,
  };

  /// Has the next write end the process, with a `process_ends`.
  void arm(stop where, std::uint64_t seed) {
    stop_ = where;
    random_ = base::random{seed};
  }

  /// What a process asks of the disk.
  enum class call : std::uint8_t { read, write, sync };

  /// Called before each of them, if given: it may do what another thread would
  /// at that moment, or end the process with a `process_ends`.
  std::function<void(call)> before_call = {};

  /// Whether a sync fails. It loses then all that it was to keep, and those
  /// after it do not bring it back, though it goes on being shown until the
  /// power fails.
  bool sync_fails = false;

  /// How many bytes all segments together find room for.
  std::uint64_t disk_bytes = std::numeric_limits<std::uint64_t>::max();

  /// Of each sector that was not synced, what is on the disk may stay.
  /// @returns whether there was any.
  bool cut_power(base::random& random);

  /// All that was written is on the disk, with luck.
  void settle() noexcept {
    unsynced_.clear();
  }

  /// How many writes were left in part.
  std::uint64_t torn() const noexcept {
    return torn_;
  }

  /// Changes a bit. Twice undoes that.
  void flip(persistence::journal_spot spot) {
    auto& byte = shown_.at(spot.segment).at(spot.offset);
    byte = static_cast<char>(byte ^ 0x10);
  }

  std::string_view content(std::uint32_t segment) const {
    return shown_.at(segment);
  }

  /// Something else is there, on the disk, too.
  void replace(persistence::journal_spot spot, std::string_view data) {
    shown_.at(spot.segment).replace(spot.offset, data.size(), data);
  }

  std::uint32_t count() const override {
    return static_cast<std::uint32_t>(shown_.size());
  }

  std::string name(std::uint32_t segment) const override {
    return persistence::journal_file_name(segment);
  }

  std::uint64_t filled(std::uint32_t segment) const override {
    return shown_.at(segment).size();
  }

  std::uint64_t limit(std::uint32_t) const override {
    return limit_;
  }

  bool take(std::uint32_t segment, std::uint64_t end) override;

  void keep(std::uint32_t, std::uint64_t) override {
    // nop
  }

  void read(persistence::journal_spot spot, std::span<char> to) const override {
    if (before_call)
      before_call(call::read);
    shown_.at(spot.segment).copy(to.data(), to.size(), spot.offset);
  }

  void write(persistence::journal_spot spot, std::string_view data) override;
  void sync(std::uint32_t segment) override;

private:
  /// What was there before a write that was not synced.
  struct before {
    persistence::journal_spot spot;
    std::string data;
    bool lost = false; // by a sync that failed

    bool is_within(const before& x) const {
      return spot.segment == x.spot.segment && spot.offset >= x.spot.offset
          && spot.offset + data.size() <= x.spot.offset + x.data.size();
    }
  };

  std::uint64_t limit_ = 0;
  std::vector<std::string> shown_;
  std::vector<before> unsynced_; // the oldest first
  std::uint64_t torn_ = 0;
  stop stop_ = stop::nowhere;
  base::random random_{0};
};

} // namespace raft::simulation
