#include <raft/actors/class_of_machines.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/shelf.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/snapshots/snapshot_reader.hpp>

#include <filesystem>
#include <stdexcept>
#include <utility>

namespace raft::actors {

class_of_machines::class_of_machines(machine::state_machine_factory make,
                                     snapshot_options options,
                                     machine::machine_context context)
  : make_{std::move(make)},
    options_{std::move(options)},
    context_{std::move(context)} {
  if (!options_.directory.empty())
    files_
      = std::make_shared<snapshots::shelf>(options_.directory, context_.group);
}

std::shared_ptr<machine::executor>
class_of_machines::begin(const durable_state& log) {
  const auto& head = log.installing;
  if (head.last.index && files_ && options_.restoration)
    replace_on_disk(files_->path_of(head), head.last.index);
  auto result = make();
  keeps_state_ = result->keeps_state();
  if (!result->has_snapshots() || (keeps_state_ && !options_.restoration))
    files_.reset();
  if (!files_ || keeps_state_)
    return result;
  if (auto newest = files_->tidy(log).newest)
    snapshots::restore(*result, files_->path_of(*newest));
  return result;
}

std::shared_ptr<machine::executor>
class_of_machines::renew(const std::string& path) const {
  if (!keeps_state_) {
    auto result = make();
    snapshots::restore(*result, path);
    return result;
  }
  snapshots::snapshot_reader file{path};
  replace_on_disk(path, file.about().last.index);
  return make();
}

std::shared_ptr<machine::executor> class_of_machines::make() const {
  auto result = std::make_shared<machine::executor>(make_(context_));
  result->stagger_checkpoints(machine::checkpoint_share(context_.peer));
  return result;
}

void class_of_machines::replace_on_disk(const std::string& path,
                                        log_index applied) const {
  auto state = options_.restoration(context_);
  if (!state->find(applied)) {
    // Whoever was interrupted after the state had its place, has it.
    if (!std::filesystem::exists(path))
      return;
    snapshots::build(*state, state->state_format(), path);
  }
  state->install();
}

} // namespace raft::actors
