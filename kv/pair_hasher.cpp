#include <raft/kv/pair_hasher.hpp>

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <new>

namespace raft::kv {

namespace {

/// Hashes strings, each with its length in front, so that what belongs to one
/// cannot pass for a part of its neighbor.
void hash_string(XXH3_state_t* to, std::string_view x) {
  std::array<unsigned char, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<unsigned char>(std::uint64_t{x.size()} >> (8 * i));
  XXH3_128bits_update(to, length.data(), length.size());
  XXH3_128bits_update(to, x.data(), x.size());
}

/// And begins anew.
pair_hasher::pair_hash take_hash(XXH3_state_t* from) {
  XXH128_canonical_t result;
  XXH128_canonicalFromHash(&result, XXH3_128bits_digest(from));
  XXH3_128bits_reset(from);
  pair_hasher::pair_hash copy;
  std::copy(std::begin(result.digest), std::end(result.digest), copy.begin());
  return copy;
}

} // namespace

void pair_hasher::free_state::operator()(XXH3_state_s* x) const {
  XXH3_freeState(x);
}

pair_hasher::state pair_hasher::make_state() {
  state result{XXH3_createState()};
  if (!result)
    throw std::bad_alloc{};
  XXH3_128bits_reset(result.get());
  return result;
}

pair_hasher::pair_hasher() : all_{make_state()}, one_{make_state()} {
  // nop
}

pair_hasher::~pair_hasher() {
  // nop
}

pair_hasher::pair_hash pair_hasher::hash_of(std::string_view key,
                                            std::string_view value) {
  hash_string(one_.get(), key);
  hash_string(one_.get(), value);
  return take_hash(one_.get());
}

void pair_hasher::add(const pair_hash& x) {
  ++pairs_;
  XXH3_128bits_update(all_.get(), x.data(), x.size());
}

digest pair_hasher::finish() {
  auto hash = take_hash(all_.get());
  digest result{pairs_, 0};
  for (std::size_t i = 0; i < 8; ++i)
    result.hash = result.hash << 8 | hash[i];
  return result;
}

} // namespace raft::kv
