// Announces the messages to CAF. The numbers are part of the wire protocol:
// add new types at the end.

#pragma once

#include <raft/messages/caf/inspect.hpp>

#include <caf/type_id.hpp>

namespace raft {

/// The block of ids that this library takes. It starts well above CAF's first
/// free id, where everybody's first block starts.
inline constexpr caf::type_id_t first_type_id
  = caf::first_custom_type_id + 1000;

/// Programs that use this library and have message types of their own start
/// their first block here.
inline constexpr caf::type_id_t first_free_type_id
  = caf::first_custom_type_id + 1200;

} // namespace raft

CAF_BEGIN_TYPE_ID_BLOCK(raft_messages, raft::first_type_id)

  CAF_ADD_TYPE_ID(raft_messages, (raft::append_reply))
  CAF_ADD_TYPE_ID(raft_messages, (raft::append_request))
  CAF_ADD_TYPE_ID(raft_messages, (raft::applied))
  CAF_ADD_TYPE_ID(raft_messages, (raft::apply))
  CAF_ADD_TYPE_ID(raft_messages, (raft::apply_result))
  CAF_ADD_TYPE_ID(raft_messages, (raft::bytes))
  CAF_ADD_TYPE_ID(raft_messages, (raft::command_tag))
  CAF_ADD_TYPE_ID(raft_messages, (raft::credit))
  CAF_ADD_TYPE_ID(raft_messages, (raft::delivery))
  CAF_ADD_TYPE_ID(raft_messages, (raft::durable_batch))
  CAF_ADD_TYPE_ID(raft_messages, (raft::durable_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::entries_read))
  CAF_ADD_TYPE_ID(raft_messages, (raft::entry))
  CAF_ADD_TYPE_ID(raft_messages, (raft::executed))
  CAF_ADD_TYPE_ID(raft_messages, (raft::execute))
  CAF_ADD_TYPE_ID(raft_messages, (raft::get_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::hard_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::hello))
  CAF_ADD_TYPE_ID(raft_messages, (raft::link_down))
  CAF_ADD_TYPE_ID(raft_messages, (raft::link_up))
  CAF_ADD_TYPE_ID(raft_messages, (raft::log_position))
  CAF_ADD_TYPE_ID(raft_messages, (raft::membership))
  CAF_ADD_TYPE_ID(raft_messages, (raft::message_header))
  CAF_ADD_TYPE_ID(raft_messages, (raft::open_session))
  CAF_ADD_TYPE_ID(raft_messages, (raft::peer_progress))
  CAF_ADD_TYPE_ID(raft_messages, (raft::peer_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::persist))
  CAF_ADD_TYPE_ID(raft_messages, (raft::persisted))
  CAF_ADD_TYPE_ID(raft_messages, (raft::queried))
  CAF_ADD_TYPE_ID(raft_messages, (raft::query))
  CAF_ADD_TYPE_ID(raft_messages, (raft::read_entries))
  CAF_ADD_TYPE_ID(raft_messages, (raft::start))
  CAF_ADD_TYPE_ID(raft_messages, (raft::started))
  CAF_ADD_TYPE_ID(raft_messages, (raft::stop))
  CAF_ADD_TYPE_ID(raft_messages, (raft::stopped))
  CAF_ADD_TYPE_ID(raft_messages, (raft::submit))
  CAF_ADD_TYPE_ID(raft_messages, (raft::subscribe))
  CAF_ADD_TYPE_ID(raft_messages, (raft::subscribed))
  CAF_ADD_TYPE_ID(raft_messages, (raft::vote_reply))
  CAF_ADD_TYPE_ID(raft_messages, (raft::vote_request))
  CAF_ADD_TYPE_ID(raft_messages, (raft::wake))
  CAF_ADD_TYPE_ID(raft_messages, (raft::welcome))
  CAF_ADD_TYPE_ID(raft_messages, (raft::session_record))
  CAF_ADD_TYPE_ID(raft_messages, (raft::recover))
  CAF_ADD_TYPE_ID(raft_messages, (raft::recovered))
  CAF_ADD_TYPE_ID(raft_messages, (raft::machine_command))
  CAF_ADD_TYPE_ID(raft_messages, (raft::apply_commands))
  CAF_ADD_TYPE_ID(raft_messages, (raft::commands_applied))
  CAF_ADD_TYPE_ID(raft_messages, (raft::checkpoint_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::checkpointed_up_to))
  CAF_ADD_TYPE_ID(raft_messages, (raft::farewell))
  CAF_ADD_TYPE_ID(raft_messages, (raft::distrust))
  CAF_ADD_TYPE_ID(raft_messages, (raft::acquaintance))
  CAF_ADD_TYPE_ID(raft_messages, (raft::credentials))
  CAF_ADD_TYPE_ID(raft_messages, (raft::standing))
  CAF_ADD_TYPE_ID(raft_messages, (raft::remember))
  CAF_ADD_TYPE_ID(raft_messages, (raft::remembered))
  CAF_ADD_TYPE_ID(raft_messages, (raft::fetch))
  CAF_ADD_TYPE_ID(raft_messages, (raft::fetched))
  CAF_ADD_TYPE_ID(raft_messages, (raft::abandon_checkpoint))
  CAF_ADD_TYPE_ID(raft_messages, (raft::checkpoint_for_space))
  CAF_ADD_TYPE_ID(raft_messages, (raft::checkpoint_now))
  CAF_ADD_TYPE_ID(raft_messages, (raft::commit_collected))
  CAF_ADD_TYPE_ID(raft_messages, (raft::continue_work))
  CAF_ADD_TYPE_ID(raft_messages, (raft::drain))
  CAF_ADD_TYPE_ID(raft_messages, (raft::look_for_space))
  CAF_ADD_TYPE_ID(raft_messages, (raft::release_checkpoint))
  CAF_ADD_TYPE_ID(raft_messages, (raft::retry_checkpoint))
  CAF_ADD_TYPE_ID(raft_messages, (raft::send_collected))
  CAF_ADD_TYPE_ID(raft_messages, (raft::observe))
  CAF_ADD_TYPE_ID(raft_messages, (raft::observed))
  CAF_ADD_TYPE_ID(raft_messages, (raft::leadership))
  CAF_ADD_TYPE_ID(raft_messages, (raft::read_index_request))
  CAF_ADD_TYPE_ID(raft_messages, (raft::read_index_reply))
  CAF_ADD_TYPE_ID(raft_messages, (raft::run_reads))
  CAF_ADD_TYPE_ID(raft_messages, (raft::reads_run))
  CAF_ADD_TYPE_ID(raft_messages, (raft::snapshot_head))
  CAF_ADD_TYPE_ID(raft_messages, (raft::timeout_now))
  CAF_ADD_TYPE_ID(raft_messages, (raft::transfer_leadership))
  CAF_ADD_TYPE_ID(raft_messages, (raft::leadership_transferred))
  CAF_ADD_TYPE_ID(raft_messages, (raft::install_request))
  CAF_ADD_TYPE_ID(raft_messages, (raft::install_reply))
  CAF_ADD_TYPE_ID(raft_messages, (raft::take_snapshot))
  CAF_ADD_TYPE_ID(raft_messages, (raft::snapshot_taken))
  CAF_ADD_TYPE_ID(raft_messages, (raft::read_snapshot))
  CAF_ADD_TYPE_ID(raft_messages, (raft::snapshot_part))
  CAF_ADD_TYPE_ID(raft_messages, (raft::change_members))
  CAF_ADD_TYPE_ID(raft_messages, (raft::members_changed))
  CAF_ADD_TYPE_ID(raft_messages, (raft::copy_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::state_copied))
  CAF_ADD_TYPE_ID(raft_messages, (raft::read_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::state_piece))
  CAF_ADD_TYPE_ID(raft_messages, (raft::take_state))
  CAF_ADD_TYPE_ID(raft_messages, (raft::state_taken))

CAF_END_TYPE_ID_BLOCK(raft_messages)
