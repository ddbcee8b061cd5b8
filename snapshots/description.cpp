#include <raft/messages/membership_bytes.hpp>
#include <raft/snapshots/description.hpp>

#include <vector>

namespace raft::snapshots {

std::string encode(const description& x) {
  membership_writer out;
  out.add(std::string_view{x.cluster_name});
  for (auto number : {x.cluster.value, x.group.value, x.last.index.value,
                      x.last.term.value, x.time_ms, x.members.index.value})
    out.add(number);
  out.add(to_bytes(x.members).view());
  out.add(std::string_view{x.format});
  out.add(x.taken_by.value);
  out.add(x.taken_ms);
  return out.take();
}

std::optional<description> decode_description(std::string_view x,
                                              std::uint32_t version) {
  membership_reader in{x};
  description result;
  result.cluster_name = in.text();
  for (auto* number :
       {&result.cluster.value, &result.group.value, &result.last.index.value,
        &result.last.term.value, &result.time_ms})
    *number = in.number<std::uint64_t>();
  log_index since{in.number<std::uint64_t>()};
  std::optional<membership> members;
  if (version == 1) {
    members.emplace();
    members->voters = in.peers();
    members->learners = in.peers();
  } else {
    members = membership_from(in.text());
  }
  result.format = in.text();
  result.taken_by = {in.number<std::uint64_t>()};
  result.taken_ms = in.number<std::uint64_t>();
  if (!in.all_taken() || !members)
    return std::nullopt;
  result.members = *members;
  result.members.index = since;
  return result;
}

} // namespace raft::snapshots
