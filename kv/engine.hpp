// The key-value state machine that keeps its data on the disk.
//
//   apply ──► active overlay      what changed since the last freeze
//             frozen overlay      what is on its way to the disk
//             table               what is on the disk
//
// A look-up asks them in this order and takes the first answer; a scan goes
// through all three at once.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/kv/map.hpp>
#include <raft/kv/overlay.hpp>
#include <raft/kv/pace.hpp>
#include <raft/kv/slow_digest.hpp>
#include <raft/kv/table.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace raft::kv {

/// A key is put without a look at the table, so the number of keys is not known
/// until somebody asks for it, and then waits for these looks, with all others.
/// When there are so many, who puts another key looks by himself.
inline constexpr std::size_t unknown_keys_max = 16'384;

/// Commands and replies are those of kv/command.hpp. Memory holds changes only,
/// and they are bounded; all else is on the disk.
class engine final : public machine::state_machine,
                     public machine::durability,
                     public machine::snapshotting,
                     public map {
public:
  /// Goes on with what `below` holds, which nobody else writes to.
  /// @throws persistence::store_error
  explicit engine(std::shared_ptr<table> below,
                  std::size_t overlay_bytes_max = overlay_bytes_default);

  // -- state_machine ----------------------------------------------------------

  /// Takes a command or a batch; what cannot be decoded is answered
  /// `malformed`.
  /// @throws persistence::store_error if the disk fails.
  bytes apply(const machine::apply_context& where,
              const bytes& command) override;

  bool only_reads(const bytes& command) const override;

  /// As its table.
  bool is_prompt() const noexcept override;

  machine::space_estimate estimate_of_space() const noexcept override;

  bytes query(const bytes& request) const override;

  /// A digest takes long.
  std::shared_ptr<machine::slow_query>
  begin_query(const bytes& request) override;

  machine::durability* durability() noexcept override;

  machine::snapshotting* snapshotting() noexcept override;

  // -- durability -------------------------------------------------------------

  machine::checkpointed_state recovered() const override;
  std::size_t dirty_bytes() const override;
  std::size_t dirty_bytes_max() const override;
  std::shared_ptr<machine::checkpoint_job>
  freeze(log_index applied,
         std::vector<machine::session_record> sessions) override;
  space_left space(const machine::space_question& what) override;
  double progress() const override;
  void set_urgency(double x) override;
  void checkpointed() override;

  // -- snapshotting -----------------------------------------------------------

  std::string state_format() const override;

  void write_state(machine::state_sink& to) const override;

  /// An engine takes over no state: see kv/engine_restoration.hpp.
  void read_state(machine::state_source& from) override;

  /// Hands out the last checkpoint, which costs nothing now. While it is
  /// written, checkpoints go on, and the file becomes longer: within bounds,
  /// see `table_options::growth_bytes_max`, beyond which it is given up.
  std::unique_ptr<machine::frozen_state> begin_snapshot() override;

  // -- map --------------------------------------------------------------------

  std::optional<std::string_view> find(std::string_view key) const override;
  std::optional<std::string> read(std::string_view key) const override;
  void prefetch(std::span<const std::string_view> keys) const override;
  bool contains(std::string_view key) const override;
  void put(std::string_view key, std::string value) override;
  std::size_t append(std::string_view key, std::string_view what) override;
  bool erase(std::string_view key) override;
  std::uint64_t count() const override;
  void visit(std::string_view first, const visitor& f) const override;

private:
  /// What the overlays know of a key; null if nothing.
  const overlay::slot* changed(std::string_view key) const;

  /// Whether the key was there at the last freeze.
  bool was_there(std::string_view key) const;

  /// Of all keys that were put since the last freeze without a look at what was
  /// there.
  void learn_what_was_there() const;

  std::shared_ptr<table> below_;
  std::size_t overlay_bytes_max_;
  /// A look at the number of keys adds to what it knows, and changes nothing.
  mutable overlay active_;
  /// Empty unless a checkpoint is under way.
  std::shared_ptr<const overlay> frozen_;
  log_index frozen_applied_;
  /// How long the session records are that go with it.
  std::vector<std::size_t> frozen_sessions_;
  /// Of the checkpoint that is under way, or was last.
  std::shared_ptr<pace> pace_;
  /// How many keys there were at the last freeze, if anybody has wanted to
  /// know. To keep it would take a look at the disk for each key that is put;
  /// so it is counted when the changes are written, or when somebody asks.
  mutable std::optional<std::uint64_t> count_at_freeze_;
  slow_digests digests_;
  /// Keeps what `find` returned if it came from the table.
  mutable std::string found_;
};

} // namespace raft::kv
