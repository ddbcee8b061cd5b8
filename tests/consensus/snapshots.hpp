// What tests of snapshots begin with.

#pragma once

#include "support.hpp"

#include <string>
#include <utility>

namespace raft::consensus::test {

inline settings with_snapshots() {
  settings result;
  result.log_waits_for_absent = false;
  result.compaction_bytes_min = 1;
  result.log_bytes_kept = 0;
  result.frame_bytes_max = 10;
  result.wire_bytes_max = 20;
  return result;
}

inline snapshot_head make_head(std::uint64_t index, std::uint64_t term,
                               std::uint64_t size = 25) {
  return {at(index, term), 5000 + index, voters(3), {}, size, 100 * index + 7};
}

/// From peer 1, which leads, to peer 2.
inline install_request make_chunk(const snapshot_head& head,
                                  std::uint64_t number, std::uint64_t offset,
                                  std::size_t size, std::uint64_t term = 2,
                                  std::uint64_t from = 1) {
  install_request result;
  result.header = header(from, 2);
  result.term = term_number{term};
  result.snapshot = head;
  result.number = frame_number{number};
  result.offset = offset;
  result.data = bytes{std::string(size, 'x')};
  return result;
}

inline void store_all(lone_peer& x) {
  for (const auto& y : std::exchange(x.chunks_to_store, {}))
    x.input(
      [&](core& c) { c.chunk_stored(y.snapshot, y.offset + y.data.size()); });
}

} // namespace raft::consensus::test
