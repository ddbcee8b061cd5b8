// The digest of a map, taken in steps while the map changes.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/kv/map.hpp>
#include <raft/machine/state_machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::kv {

class pair_hasher;

/// The digest of the map as it was when this was made. It goes through the keys
/// in order. Who changes a key that it has not come to tells it first, and it
/// keeps a hash of the pair that was there.
class slow_digest {
public:
  /// What one step looks at, at most, but for the last pair: a millisecond or
  /// less.
  static constexpr std::size_t pairs_max = 1000;
  static constexpr std::size_t bytes_max = 1 << 20;

  /// @param data Outlives the last step.
  explicit slow_digest(const map& data);
  ~slow_digest();
  slow_digest(const slow_digest&) = delete;
  slow_digest& operator=(const slow_digest&) = delete;

  /// To be called before a key is put, made longer or erased.
  void before_change(std::string_view key);

  /// @returns the digest, once all was looked at; then it must not be called
  ///          again.
  /// @throws what the map throws.
  std::optional<digest> step(std::size_t pairs = pairs_max,
                             std::size_t bytes = bytes_max);

  std::uint64_t steps() const noexcept {
    return steps_;
  }

private:
  using pair_hash = std::array<unsigned char, 16>;

  void add_changed_before(std::string_view key);

  const map& data_;
  std::unique_ptr<pair_hasher> hash_;
  /// The last key that was looked at.
  std::optional<std::string> last_;
  /// Keys behind it that were changed since, and what they held; nothing if
  /// they were not there.
  std::map<std::string, std::optional<pair_hash>, std::less<>> changed_;
  std::uint64_t steps_ = 0;
};

/// The digests that are being taken of a map.
class slow_digests {
public:
  /// More at a time are refused.
  static constexpr std::size_t digests_max = 8;

  /// @param pairs_per_step At most, see `slow_digest::step`.
  explicit slow_digests(std::size_t pairs_per_step = slow_digest::pairs_max)
    : pairs_per_step_{pairs_per_step} {
    // nop
  }

  /// @returns null if the request is for something else.
  /// @throws std::runtime_error if there are too many.
  std::shared_ptr<machine::slow_query> begin(const map& data,
                                             const bytes& request);

  /// Executes a command or a batch; see kv/interpreter.hpp.
  bytes execute(map& data, const bytes& command);

private:
  void forget_those_done();

  std::size_t pairs_per_step_;
  /// Who asked may have gone.
  std::vector<std::weak_ptr<slow_digest>> under_way_;
};

} // namespace raft::kv
