// Several cores that talk to each other, in virtual time.

#pragma once

#include "support.hpp"

namespace raft::consensus::test {

/// Several cores and the network between them. Disks are instant unless named
/// in `slow_disks`.
class small_cluster {
public:
  explicit small_cluster(std::size_t size, settings config = {}) {
    for (std::uint64_t id = 1; id <= size; ++id)
      peers.emplace(id, std::make_unique<lone_peer>(
                          id, voters(size), std::vector<std::uint64_t>{},
                          hard_state{}, config));
  }

  lone_peer& operator[](std::uint64_t id) {
    return *peers.at(id);
  }

  /// Delivers messages and completes writes until nothing moves.
  void settle() {
    auto moved = true;
    while (moved) {
      moved = false;
      for (auto& [id, p] : peers) {
        if (p->batch && !slow_disks.contains(id)) {
          p->persist();
          moved = true;
        }
        moved |= p->read_and_apply();
        auto messages = std::exchange(p->messages, {});
        for (auto& msg : messages) {
          watch(msg);
          const auto to
            = std::visit([](auto& m) { return m.header.to.value; }, msg);
          if (cut(id, to))
            continue;
          peers.at(to)->receive(msg);
          moved = true;
        }
      }
    }
  }

  /// Lets time pass in small steps.
  void run(instant time) {
    constexpr instant step = 10ms;
    for (auto passed = 0us; passed < time; passed += step) {
      for (auto& [id, p] : peers)
        p->advance(step);
      settle();
    }
  }

  /// Makes one peer the leader by letting only its time pass.
  void elect(std::uint64_t id) {
    for (auto& [other, p] : peers)
      p->advance(600ms * (other != id && p->x->leader() ? 1 : 0));
    while (!peers.at(id)->x->leads()) {
      peers.at(id)->wake();
      settle();
    }
  }

  /// The one peer that leads the highest term, or 0.
  std::uint64_t leader() {
    std::uint64_t result = 0;
    term_number term;
    for (auto& [id, p] : peers) {
      if (p->x->leads() && p->x->term() > term) {
        result = id;
        term = p->x->term();
      }
    }
    return result;
  }

  log_index start(std::uint64_t id, const char* data) {
    return peers.at(id)->start(data);
  }

  std::map<std::uint64_t, std::unique_ptr<lone_peer>> peers;
  std::set<std::uint64_t> slow_disks;
  /// Sees every message that is sent.
  std::function<void(const message&)> watch = [](const message&) {};
  /// Whether messages from one peer to another are lost.
  std::function<bool(std::uint64_t, std::uint64_t)> cut
    = [](std::uint64_t, std::uint64_t) { return false; };
};

} // namespace raft::consensus::test
