#include <raft/kv/engine_factory.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/lmdb/store_error.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/tools/lib/backup.hpp>
#include <raft/tools/lib/increment.hpp>
#include <raft/tools/lib/live_backup.hpp>
#include <raft/tools/lib/merge_backups.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <ostream>
#include <system_error>
#include <utility>

namespace raft::tools {

namespace {

namespace fs = std::filesystem;

/// A directory for a while.
class workshop {
public:
  explicit workshop(const std::string& beside)
    : path_{beside + ".merge-XXXXXX"} {
    if (::mkdtemp(path_.data()) == nullptr)
      throw std::system_error{errno, std::generic_category(),
                              "cannot make the directory '" + path_ + "'"};
  }

  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  ~workshop() {
    std::error_code ignored; // Its name says what it is.
    fs::remove_all(path_, ignored);
  }

  const std::string& path() const noexcept {
    return path_;
  }

private:
  std::string path_;
};

/// A state that entries are applied to.
class growing_state {
public:
  growing_state(const std::string& directory, const std::string& backup)
    : about_{snapshots::snapshot_reader{backup}.about()} {
    kv::engine_options options;
    options.directory = directory;
    const machine::machine_context context{
      about_.group, about_.cluster_name, {1}, {1}, about_.last.index};
    const auto restoration = kv::engine_restorations(options)(context);
    snapshots::build(*restoration, restoration->state_format(), backup);
    restoration->install();
    machine_.emplace(kv::engine_factory(options)(context));
  }

  /// @throws machine::bad_state if it does not follow.
  void add(const std::string& file) {
    increment_reader in{file};
    if (in.about().cluster != about_.cluster
        || in.about().group != about_.group)
      throw machine::bad_state{"'" + file + "' is of another cluster"};
    if (in.after() != about_.last)
      throw machine::bad_state{
        fmt::format("'{}' goes on behind entry {}, and what is before it ends "
                    "with {}: name all increments, in their order",
                    file, to_text(in.after()), to_text(about_.last))};
    while (const auto x = in.next()) {
      machine_->apply(*x, 0);
      put_on_disk(false);
      while (machine_->must_wait())
        put_on_disk(true);
    }
    about_ = in.about();
  }

  void write(const std::string& to) {
    while (machine_->checkpointed() < machine_->applied())
      put_on_disk(true);
    auto state = machine_->begin_snapshot();
    if (!state)
      throw std::logic_error{"a state on the disk cannot be copied"};
    snapshots::snapshot_job{to, about_, std::move(*state)}.run();
  }

private:
  void put_on_disk(bool now) {
    const auto job = machine_->take_checkpoint(machine_->applied(), now);
    if (!job)
      return;
    job->hurry();
    job->run();
    machine_->checkpoint_done();
  }

  snapshots::description about_;
  std::optional<machine::executor> machine_;
};

} // namespace

verdict merge_backups(const std::vector<std::string>& parts,
                      const std::string& to, bool force, std::ostream& out) {
  if (auto why = complaint_about(to, force); why.code != exit_code::ok)
    return why;
  try {
    const workshop place{to};
    growing_state state{place.path(), parts.front()};
    for (std::size_t i = 1; i < parts.size(); ++i)
      state.add(parts[i]);
    state.write(to);
    snapshots::snapshot_reader made{to};
    show_description(made, out);
    show_sound(made, out);
    return {};
  } catch (const snapshots::snapshot_error& e) {
    return {is_damage(e) ? exit_code::no : exit_code::usage, e.what()};
  } catch (const machine::bad_state& e) {
    return {exit_code::no, e.what()};
  } catch (const std::exception& e) {
    return {exit_code::usage, e.what()};
  }
}

} // namespace raft::tools
