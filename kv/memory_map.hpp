// The map that lives in memory only.

#pragma once

#include <raft/kv/map.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace raft::kv {

/// Can be read by another thread as it is at some moment, at no cost at that
/// moment: while somebody does, changes are kept apart. Afterwards they are
/// laid over the pairs, some with each command.
class memory_map final : public map {
  using pair_map = std::map<std::string, std::string, std::less<>>;

public:
  /// The pairs of one moment. Any thread may use it, also when the map is gone.
  class moment {
  public:
    moment(const moment&) = delete;
    moment& operator=(const moment&) = delete;
    ~moment();

    void visit(const visitor& f) const;

  private:
    friend class memory_map;

    explicit moment(std::shared_ptr<const pair_map> pairs,
                    std::shared_ptr<std::atomic<bool>> in_use)
      : pairs_{std::move(pairs)}, in_use_{std::move(in_use)} {
      // nop
    }

    std::shared_ptr<const pair_map> pairs_;
    std::shared_ptr<std::atomic<bool>> in_use_;
  };

  memory_map() = default;
  memory_map(const memory_map&) = delete;
  memory_map& operator=(const memory_map&) = delete;

  std::optional<std::string_view> find(std::string_view key) const override;
  bool contains(std::string_view key) const override;
  void put(std::string_view key, std::string value) override;
  std::size_t append(std::string_view key, std::string_view what) override;
  bool erase(std::string_view key) override;
  std::uint64_t count() const override;
  void visit(std::string_view first, const visitor& f) const override;

  /// The pairs as they are now.
  /// @returns null while an earlier moment is in use, or too many of the
  ///          changes since are not settled: each call settles some.
  std::unique_ptr<moment> freeze();

  /// How many changes are kept apart.
  std::size_t unsettled() const noexcept {
    return changes_.size();
  }

private:
  /// Nothing: the key was erased.
  using change_map
    = std::map<std::string, std::optional<std::string>, std::less<>>;

  bool is_frozen() const noexcept;

  /// Lays some of the changes over the pairs, if nobody reads these.
  void settle(std::size_t changes_max);

  /// Empty if it is new.
  std::string& value_of(std::string_view key);

  std::shared_ptr<pair_map> data_ = std::make_shared<pair_map>();
  /// What became of the pairs since they were frozen.
  change_map changes_;
  /// How many pairs there are with the changes.
  std::uint64_t count_ = 0;
  /// Of the moment that was taken last.
  std::shared_ptr<std::atomic<bool>> in_use_;
};

} // namespace raft::kv
