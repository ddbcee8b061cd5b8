// The files of a journal in memory, on a disk that loses what was not synced.

#pragma once

#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journal_files.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace raft::test {

/// The power has failed.
struct power_cut {};

/// Loses any part of what was not synced, in sectors of 512 bytes, when its
/// power fails.
class fragile_files : public persistence::journal_files {
public:
  fragile_files(std::uint32_t segments, std::uint64_t segment_bytes)
    : limit_{segment_bytes}, shown_(segments), synced_(segments) {
    // nop
  }

  /// Cuts the power at this write or sync from now on, counted from 1.
  void cut_power_at(std::uint64_t call, std::uint64_t seed) {
    calls_ = 0;
    cut_at_ = call;
    random_.seed(seed);
  }

  std::uint64_t calls() const noexcept {
    return calls_;
  }

  /// From now on a sync fails and loses all that it was to keep, though it goes
  /// on being shown until the power is cut.
  bool sync_fails = false;
  /// How many bytes the disk has.
  std::uint64_t disk_bytes = std::numeric_limits<std::uint64_t>::max();

  /// Loses what was not synced.
  void cut_power() {
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      for (std::size_t at = 0; at < synced_[i].size(); at += 512)
        if (random_() % 2 == 0)
          shown_[i].replace(at, 512, synced_[i], at, 512);
      synced_[i] = shown_[i];
    }
  }

  void damage(persistence::journal_spot spot) {
    for (auto* x : {&shown_, &synced_}) {
      auto& byte = x->at(spot.segment).at(spot.offset);
      byte = static_cast<char>(byte ^ 0x40);
    }
  }

  std::string& content(std::uint32_t segment) {
    return shown_.at(segment);
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

  bool take(std::uint32_t segment, std::uint64_t end) override {
    std::uint64_t used = 0;
    for (const auto& x : shown_)
      used += x.size();
    if (used + end - filled(segment) > disk_bytes)
      return false;
    // What is filled is synced before anybody uses it.
    shown_.at(segment).resize(end);
    synced_.at(segment).resize(end);
    return true;
  }

  void keep(std::uint32_t segment, std::uint64_t end) override {
    if (end > filled(segment))
      take(segment, end);
  }

  void read(persistence::journal_spot spot, std::span<char> to) const override {
    shown_.at(spot.segment).copy(to.data(), to.size(), spot.offset);
  }

  void write(persistence::journal_spot spot, std::string_view data) override {
    auto cut = ++calls_ == cut_at_;
    shown_.at(spot.segment).replace(spot.offset, data.size(), data);
    if (cut)
      fail();
  }

  void sync(std::uint32_t segment) override {
    if (++calls_ == cut_at_)
      fail();
    if (sync_fails)
      throw persistence::store_error{persistence::store_errc::write_failed,
                                     "cannot sync"};
    synced_.at(segment) = shown_.at(segment);
  }

private:
  [[noreturn]] void fail() {
    cut_power();
    cut_at_ = 0;
    throw power_cut{};
  }

  std::uint64_t limit_;
  std::vector<std::string> shown_;
  std::vector<std::string> synced_;
  std::mt19937_64 random_;
  std::uint64_t calls_ = 0;
  std::uint64_t cut_at_ = 0;
};

} // namespace raft::test
