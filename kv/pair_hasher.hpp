// The hash of a map, from the hashes of its pairs in order.

#pragma once

#include <raft/kv/command.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

struct XXH3_state_s;

namespace raft::kv {

class pair_hasher {
public:
  using pair_hash = std::array<unsigned char, 16>;

  pair_hasher();
  ~pair_hasher();

  pair_hash hash_of(std::string_view key, std::string_view value);

  /// Adds the next pair.
  void add(const pair_hash& x);

  void add(std::string_view key, std::string_view value) {
    add(hash_of(key, value));
  }

  /// Of all that were added. Then it must not be used any more.
  digest finish();

private:
  struct free_state {
    void operator()(XXH3_state_s* x) const;
  };

  using state = std::unique_ptr<XXH3_state_s, free_state>;

  static state make_state();

  state all_;
  state one_;
  std::uint64_t pairs_ = 0;
};

} // namespace raft::kv
