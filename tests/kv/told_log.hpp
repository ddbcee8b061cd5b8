// A log of commands that follows from nothing but the index, so that a process
// and whoever checks what it left behind agree on it.

#pragma once

#include "table_fixture.hpp"
#include <raft/kv/command.hpp>
#include <raft/kv/engine.hpp>
#include <raft/machine/executor.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace raft::test {

inline constexpr std::uint64_t session_length = 200;

/// The log, as far as anybody wants to see it. Clients retry: a part of the
/// commands repeats an earlier number, which must have no effect.
inline entry entry_at(std::uint64_t index) {
  std::mt19937_64 random{index};
  entry x;
  x.term = {1};
  x.index = {index};
  x.time_ms = index;
  auto place = (index - 1) % session_length;
  if (place == 0) {
    x.kind = entry_kind::open_session;
    return x;
  }
  auto sequence = index;
  if (random() % 4 == 0)
    sequence -= random() % std::min<std::uint64_t>(place, 20);
  x.kind = entry_kind::command;
  x.tag = {{index - place}, sequence, index > 60 ? index - 60 : 0};
  auto key = "k" + std::to_string(sequence % 97);
  if (sequence % 11 == 0)
    x.data = kv::encode(kv::command{kv::erase{{key}}});
  else if (sequence % 7 == 0)
    x.data = kv::encode(
      kv::command{kv::put{key, std::string(sequence % 9000, 'x')}});
  else
    x.data = kv::encode(kv::command{kv::append{key, std::to_string(sequence)}});
  return x;
}

inline machine::executor open(const std::shared_ptr<kv::table>& disk) {
  return machine::executor{std::make_unique<kv::engine>(disk, 64 << 10)};
}

} // namespace raft::test
