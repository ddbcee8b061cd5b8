#include <raft/lmdb/big_endian.hpp>
#include <raft/snapshots/description.hpp>

#include <vector>

namespace raft::snapshots {

namespace {

void append_text(std::string& out, std::string_view x) {
  lmdb::append_big_endian(out, static_cast<std::uint32_t>(x.size()));
  out += x;
}

void append_peers(std::string& out, const std::vector<peer_id>& x) {
  lmdb::append_big_endian(out, static_cast<std::uint32_t>(x.size()));
  for (auto id : x)
    lmdb::append_big_endian(out, id.value);
}

/// Once something is missing, all that follows is 0 or empty.
class fields {
public:
  explicit fields(std::string_view in) : in_{in} {
    // nop
  }

  template <class T>
  T number() {
    auto data = part(sizeof(T));
    return data.empty() ? T{0} : lmdb::from_big_endian<T>(data);
  }

  std::string text() {
    auto size = number<std::uint32_t>();
    return std::string{part(size)};
  }

  std::vector<peer_id> peers() {
    std::vector<peer_id> result;
    for (auto n = number<std::uint32_t>(); n > 0 && complete_; --n)
      result.push_back({number<std::uint64_t>()});
    return result;
  }

  bool all_taken() const noexcept {
    return complete_ && in_.empty();
  }

private:
  std::string_view part(std::size_t size) {
    complete_ = complete_ && size <= in_.size();
    if (!complete_)
      return {};
    auto result = in_.substr(0, size);
    in_.remove_prefix(size);
    return result;
  }

  std::string_view in_;
  bool complete_ = true;
};

} // namespace

std::string encode(const description& x) {
  std::string out;
  append_text(out, x.cluster_name);
  for (auto number : {x.cluster.value, x.group.value, x.last.index.value,
                      x.last.term.value, x.time_ms, x.members.index.value})
    lmdb::append_big_endian(out, number);
  append_peers(out, x.members.voters);
  append_peers(out, x.members.learners);
  append_text(out, x.format);
  lmdb::append_big_endian(out, x.taken_by.value);
  lmdb::append_big_endian(out, x.taken_ms);
  return out;
}

std::optional<description> decode_description(std::string_view x) {
  fields in{x};
  description result;
  result.cluster_name = in.text();
  for (auto* number :
       {&result.cluster.value, &result.group.value, &result.last.index.value,
        &result.last.term.value, &result.time_ms, &result.members.index.value})
    *number = in.number<std::uint64_t>();
  result.members.voters = in.peers();
  result.members.learners = in.peers();
  result.format = in.text();
  result.taken_by = {in.number<std::uint64_t>()};
  result.taken_ms = in.number<std::uint64_t>();
  if (!in.all_taken())
    return std::nullopt;
  return result;
}

} // namespace raft::snapshots
