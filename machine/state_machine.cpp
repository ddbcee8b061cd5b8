#include <raft/machine/durability.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>

namespace raft::machine {

state_machine::~state_machine() {
  // nop
}

bool state_machine::only_reads(const bytes&) const {
  return false;
}

bool state_machine::is_prompt() const noexcept {
  return false;
}

space_estimate state_machine::estimate_of_space() const noexcept {
  return nullptr;
}

bytes state_machine::query(const bytes&) const {
  return {};
}

std::shared_ptr<slow_query> state_machine::begin_query(const bytes&) {
  return nullptr;
}

slow_query::~slow_query() {
  // nop
}

durability* state_machine::durability() noexcept {
  return nullptr;
}

snapshotting* state_machine::snapshotting() noexcept {
  return nullptr;
}

durability::~durability() {
  // nop
}

space_left durability::space(const space_question&) {
  return {};
}

double durability::progress() const {
  return 1;
}

void durability::set_urgency(double) {
  // nop
}

checkpoint_job::~checkpoint_job() {
  // nop
}

void checkpoint_job::hurry() noexcept {
  // nop
}

void checkpoint_job::give_up() noexcept {
  // nop
}

} // namespace raft::machine
