// Files of snapshots for tests.

#pragma once

#include <raft/snapshots/snapshot_reader.hpp>
#include <raft/snapshots/snapshot_writer.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace raft::test {

using session_records = std::vector<machine::session_record>;

inline snapshots::description sample_description() {
  snapshots::description result;
  result.cluster_name = "test";
  result.cluster = {0x1122334455667788};
  result.group = {3};
  result.last = {{1234}, {5}};
  result.time_ms = 1'700'000'000'000;
  result.members = {{17}, {{1}, {2}, {3}}, {{4}}};
  result.format = "sample 1";
  result.taken_by = {2};
  result.taken_ms = 1'700'000'000'001;
  return result;
}

inline session_records sample_sessions() {
  return {{{}, machine::encode_clock(7)}, {{12}, bytes{"abc"}}, {{13}, {}}};
}

/// A state of so many bytes, all different for long.
inline std::string sample_state(std::size_t size) {
  std::string result;
  for (std::uint32_t i = 0; result.size() < size; i += 0x9e3779b9)
    result += {static_cast<char>(i >> 24), static_cast<char>(i >> 16),
               static_cast<char>(i >> 8)};
  result.resize(size);
  return result;
}

inline snapshots::totals
write_sample(const std::string& path, const std::string& state,
             const session_records& sessions = sample_sessions()) {
  snapshots::snapshot_writer out{path, sample_description()};
  out.write_sessions(sessions);
  out.write(state);
  return out.finish();
}

inline std::string content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void set_content(const std::string& path, const std::string& data) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out << data;
}

} // namespace raft::test
