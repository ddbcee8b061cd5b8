#include <raft/cluster/configuration.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace raft::cluster {

namespace {

[[noreturn]] void complain(const std::string& what) {
  throw configuration_error{what};
}

void check_members(const configuration& x) {
  if (x.members.empty())
    complain("no members: name all peers with --members 1=HOST:PORT,...");
  for (auto i = x.members.begin(); i != x.members.end(); ++i) {
    if (!i->id)
      complain("a member has the id 0: ids start at 1");
    if (i->where.port == 0 && x.members.size() > 1)
      complain(fmt::format("member {} has port 0: the others could not find "
                           "it; give it a port",
                           i->id.value));
    for (auto j = x.members.begin(); j != i; ++j) {
      if (j->id == i->id)
        complain(fmt::format("two members have the id {}: give each its own",
                             i->id.value));
      if (j->where == i->where)
        complain(fmt::format("members {} and {} have the same address {}: give "
                             "each its own",
                             j->id.value, i->id.value, to_text(i->where)));
    }
    check_reach(x, "the member address", i->where);
  }
}

const member* find_member(const configuration& x) {
  auto i = std::find_if(x.members.begin(), x.members.end(),
                        [&x](const member& y) { return y.id == x.id; });
  return i == x.members.end() ? nullptr : &*i;
}

} // namespace

void check_reach(const configuration& x, const char* what, const address& at) {
  if (x.insecure || is_loopback(at))
    return;
  complain(fmt::format(
    "{} {} is not a loopback address, and nothing that peers and clients "
    "send "
    "is encrypted or authenticated yet: whoever reaches the port can read "
    "and "
    "change everything. Use 127.0.0.1, or add --insecure if all of that "
    "network is trusted",
    what, to_text(at)));
}

address listen_address(const configuration& x) {
  if (x.listen)
    return *x.listen;
  const auto* self = find_member(x);
  assert(self != nullptr);
  return self->where;
}

void check(const configuration& x) {
  check_members(x);
  if (!x.id)
    complain("no id: say with --id which of the members this node is");
  if (find_member(x) == nullptr)
    complain(fmt::format("peer {} is not among the members: add it to "
                         "--members, or change --id",
                         x.id.value));
  if (x.cluster.empty() || x.cluster.size() > name_length_max)
    complain(fmt::format("the cluster's name must have 1 to {} characters",
                         name_length_max));
  if (x.data_directory.empty())
    complain("no data directory: name one with --data DIR");
  if (x.listen)
    check_reach(x, "the listen address", *x.listen);
  if (x.checkpoint_after < checkpoint_after_min
      || x.checkpoint_after > checkpoint_after_max)
    complain(fmt::format(
      "changes are checkpointed after {} ms: --checkpoint-after must be "
      "from {} to {}",
      x.checkpoint_after.count(), checkpoint_after_min.count(),
      checkpoint_after_max.count()));
  if (x.bootstrap && x.join)
    complain("--bootstrap founds a cluster, and --join joins one: use one of "
             "them");
  if (x.members.size() == 1 && x.bootstrap && x.raft.priority == 0)
    complain("the only member must lead: its --priority must not be 0");
  if (auto what = consensus::complaint_about(x.raft))
    complain(what);
}

} // namespace raft::cluster
