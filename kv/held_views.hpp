// What an engine had on the disk at some moment, held while others go on to
// write.
//
// LMDB uses no page again that a reader may see. So the longer somebody reads,
// the longer the file becomes, and it never becomes shorter. Whoever writes
// keeps that within bounds: he ends the reading.

#pragma once

#include <raft/kv/lmdb_view.hpp>
#include <raft/kv/table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace raft::kv {

/// A view that is read step by step, by one thread, and may be taken away by
/// another one between two steps.
class held_view final : public table::moment {
public:
  /// @param files Outlives this object.
  held_view(const lmdb_files& files, lmdb_view view);

  log_index applied() const noexcept override {
    return state_.applied;
  }

  table::contents load() override;

  bool visit_next(const visitor& f) override;

  /// Ends it; the next step throws `machine::given_up`, in these words.
  void take_away(const std::string& why);

  /// Where the pages of the file ended, in bytes.
  std::uint64_t used() const noexcept {
    return used_;
  }

private:
  template <class F>
  auto reading(F f);

  /// @throws machine::given_up
  const lmdb_view& view() const;

  const lmdb_files* files_;
  state_record state_;
  std::uint64_t used_;
  std::mutex mutex_; // guards the members below
  std::optional<lmdb_view> view_;
  std::string next_;
  std::string why_;
};

/// The sessions on the disk, and what goes with them.
table::contents load_contents(const lmdb_files& files, const lmdb_view& view);

/// Those of a table.
///
/// Thread: any.
class held_views {
public:
  /// More at a time are refused.
  static constexpr std::size_t count_max = 4;

  /// How much longer the file may become at least, in bytes. Beyond that, as
  /// much as it was long.
  static constexpr std::uint64_t growth_bytes_default = 256 << 20;

  /// @param growth_bytes_max How much longer the file may become; 0 for the
  ///        default.
  explicit held_views(std::uint64_t growth_bytes_max)
    : growth_bytes_max_{growth_bytes_max} {
    // nop
  }

  /// @returns null if there are too many.
  std::shared_ptr<held_view> add(const lmdb_files& files, lmdb_view view);

  /// Takes away those for which the file has become too long. By whoever
  /// writes, after each transaction.
  void limit_growth(const lmdb_files& files);

  /// Takes away all.
  /// @returns whether there were any.
  bool take_away_all(const std::string& why);

private:
  std::vector<std::shared_ptr<held_view>> alive();

  const std::uint64_t growth_bytes_max_;
  std::mutex mutex_; // guards the members below
  std::vector<std::weak_ptr<held_view>> all_;
};

} // namespace raft::kv
