#include <raft/consensus/note.hpp>

namespace raft::consensus {

const char* to_text(peer_role x) {
  switch (x) {
    case peer_role::follower:
      return "follower";
    case peer_role::pre_candidate:
      return "pre-candidate";
    case peer_role::candidate:
      return "candidate";
    case peer_role::leader:
      return "leader";
  }
  return "unknown role";
}

namespace {

std::string lacks_dropped_entries(log_index where) {
  return " up to date: its log ends before entry " + to_text(where)
       + ", up to which entries were dropped here because every member had "
         "them. It must have lost its data; only heartbeats go to it";
}

std::string disk_is_full(const std::string& where) {
  return "its disk is full: no entry after " + where
       + " is taken. Votes go on. Make room; it goes on by itself";
}

std::string refusal(const note& x) {
  const auto peer = to_text(x.peer), term = "term " + to_text(x.term);
  const auto ends_link = ", and ends the link to it: ";
  switch (x.kind) {
    case note_kind::refused_malformed:
      return "refuses a message of " + peer + ends_link
           + "its parts contradict each other";
    case note_kind::refused_answer:
      return "refuses an answer of " + peer + ends_link
           + "it has accepted entry " + to_text(x.where.index) + " in " + term
           + ", or answers a round of it, that was never sent";
    case note_kind::refused_second_leader:
      return "refuses the entries of " + peer + ends_link + term
           + " has another leader";
    case note_kind::refused_contradiction:
      return "refuses the entries of " + peer + ends_link + "it has "
           + to_text(x.where)
           + " where another entry is committed here. One of the two has the "
             "data of another cluster, or has lost some";
    case note_kind::ignored_stranger:
      return "ignores a message of " + peer
           + ": it is for another peer, or from none that is a member";
    default:
      return "unknown note";
  }
}

/// Of transfers of leadership.
std::string transfer(const note& x) {
  const auto peer = to_text(x.peer);
  switch (x.kind) {
    case note_kind::stepped_down_untaken:
      return "steps down: " + peer + " did not take over";
    case note_kind::stepped_down_removed:
      return "steps down: it is no voter any more, since entry "
           + to_text(x.where.index);
    case note_kind::hands_over:
      return "hands over to " + peer + ", takes no commands until then";
    case note_kind::leads_on:
      return "leads on: the transfer of its office to " + peer
           + " came to nothing";
    case note_kind::told_to_campaign:
      return "is to take over from " + peer + " in term " + to_text(x.term);
    case note_kind::refused_transfer:
      return "does not take over from " + peer
           + ": it was asked long ago, or should not lead";
    default:
      return refusal(x);
  }
}

std::string snapshot_text(const note& x) {
  const auto where = to_text(x.where), peer = to_text(x.peer);
  switch (x.kind) {
    case note_kind::needs_snapshot:
      return "brings " + peer + " a snapshot: it lacks entries up to " + where
           + ", which were dropped from the log";
    case note_kind::sent_snapshot:
      return peer + " needs no snapshot any more: it has all up to "
           + to_text(x.where.index);
    case note_kind::receives_snapshot:
      return "gets a snapshot of " + where + " from " + peer;
    case note_kind::refused_old_snapshot:
      return "needs no snapshot of " + where + " from " + peer
           + ": it has all of that";
    case note_kind::members_are_now:
      return x.where.index ? "has the members of " + where
                           : std::string{"has the members of the founding"};
    case note_kind::level_has_risen:
      return "goes on to a newer version of the protocol, which all members "
             "speak, by the entry "
           + where + ": older releases cannot belong to the cluster any more";
    case note_kind::reset_log:
      return "begins its log anew after the snapshot of " + where;
    default:
      return "has installed the snapshot of " + where;
  }
}

/// What is no matter of elections and replication.
std::string rest_of_text(const note& x) {
  switch (x.kind) {
    case note_kind::term_far_ahead:
      return "hears of term " + to_text(x.where.term) + " from "
           + to_text(x.peer) + ", far ahead: it moves to term "
           + to_text(x.term) + " for now";
    case note_kind::disk_is_full:
      return disk_is_full(to_text(x.where));
    case note_kind::disk_has_space:
      return "there is room on its disk again";
    case note_kind::machine_lacks_space:
      return "its disk is full: the state machine has no room for a command "
             "after entry "
           + to_text(x.where.index)
           + ", so it is refused. What only reads or erases is taken. Make "
             "room, or erase; it goes on by itself";
    case note_kind::machine_has_space:
      return "there is room for its state machine again";
    case note_kind::dropped_other_incarnation:
      return "drops messages of " + to_text(x.peer)
           + ": they come from another store than the one that is connected";
    case note_kind::woke_late:
      return "woke up late, reads its mail first";
    case note_kind::needs_snapshot:
    case note_kind::sent_snapshot:
    case note_kind::receives_snapshot:
    case note_kind::refused_old_snapshot:
    case note_kind::reset_log:
    case note_kind::installed_snapshot:
    case note_kind::members_are_now:
    case note_kind::level_has_risen:
      return snapshot_text(x);
    default:
      return transfer(x);
  }
}

std::string stuck_machine(const note& x) {
  return "gives up its office: its state machine has applied nothing after "
       + to_text(x.where.index) + " for long, that of " + to_text(x.peer)
       + " has";
}

/// Why a vote is refused.
std::string objection(const note& x) {
  const auto term = "term " + to_text(x.term);
  switch (x.kind) {
    case note_kind::refused_vote_old_term:
      return "it is in " + term + " already";
    case note_kind::refused_vote_already_given:
      return "its vote in " + term + " is given";
    case note_kind::refused_vote_log_behind:
      return "that log ends at " + to_text(x.where) + ", before its own";
    case note_kind::refused_vote_leader_alive:
      return "the leader of " + term + " is alive";
    case note_kind::refused_vote_promised:
      return "it may have promised a leader not to vote yet";
    default:
      return "its own disk hangs, so a vote would not get there";
  }
}

} // namespace

std::string to_text(const note& x) {
  const auto term = "term " + to_text(x.term), peer = to_text(x.peer),
             where = to_text(x.where);
  const auto refuses_append = "refuses " + peer + "'s entries after " + where;
  switch (x.kind) {
    case note_kind::became_follower:
      return x.peer ? "follows " + peer + " in " + term
                    : "becomes follower in " + term;
    case note_kind::became_pre_candidate:
      return "hears no leader in " + term + ", asks whether it could win";
    case note_kind::became_candidate:
      return "campaigns in " + term;
    case note_kind::became_leader:
      return "leads " + term + ", beginning with " + where;
    case note_kind::stepped_down_higher_term:
      return "steps down: it heard of " + term;
    case note_kind::stepped_down_no_quorum:
      return "steps down: no quorum has answered in " + term;
    case note_kind::stepped_down_slow_disk:
      return "gives up its office: its disk has written nothing after " + where
           + " for long, that of " + peer + " has";
    case note_kind::stepped_down_full_disk:
      return "steps down: its disk is full, another peer's may have room";
    case note_kind::stepped_down_stuck_machine:
      return stuck_machine(x);
    case note_kind::refused_vote_old_term:
    case note_kind::refused_vote_already_given:
    case note_kind::refused_vote_log_behind:
    case note_kind::refused_vote_leader_alive:
    case note_kind::refused_vote_promised:
    case note_kind::refused_vote_disk_hangs:
      return "refuses to vote for " + peer + ": " + objection(x);
    case note_kind::granted_vote:
      return "votes for " + peer + " in " + term;
    case note_kind::granted_pre_vote:
      return "would vote for " + peer + ", says so in " + term;
    case note_kind::truncated_conflict:
      return "truncates its log from " + where + " on: it conflicts with "
           + peer + "'s";
    case note_kind::refused_append_gap:
      return refuses_append + ": its log ends before";
    case note_kind::refused_append_conflict:
      return refuses_append + ": it has another term there";
    case note_kind::refused_append_old_term:
      return refuses_append + ": it is in " + term + " already";
    case note_kind::backed_off:
      return "backs off, tries " + peer + " from " + to_text(x.where.index)
           + " on";
    case note_kind::dropped_held_answer:
      return "drops an answer that waited for the disk: it is no longer true";
    case note_kind::lacks_dropped_entries:
      return "cannot bring " + peer + lacks_dropped_entries(x.where.index);
    default:
      return rest_of_text(x);
  }
}

base::severity severity_of(note_kind kind) {
  using enum base::severity;
  switch (kind) {
    case note_kind::became_follower:
    case note_kind::became_leader:
    case note_kind::disk_has_space:
    case note_kind::machine_has_space:
    case note_kind::hands_over:
    case note_kind::told_to_campaign:
    case note_kind::needs_snapshot:
    case note_kind::sent_snapshot:
    case note_kind::receives_snapshot:
    case note_kind::reset_log:
    case note_kind::installed_snapshot:
    case note_kind::members_are_now:
    case note_kind::level_has_risen:
    case note_kind::stepped_down_removed:
      return info;
    case note_kind::stepped_down_higher_term:
    case note_kind::stepped_down_no_quorum:
    case note_kind::stepped_down_slow_disk:
    case note_kind::stepped_down_full_disk:
    case note_kind::stepped_down_stuck_machine:
    case note_kind::stepped_down_untaken:
    case note_kind::leads_on:
    case note_kind::refused_transfer:
    case note_kind::disk_is_full:
    case note_kind::machine_lacks_space:
    case note_kind::lacks_dropped_entries:
    case note_kind::truncated_conflict:
    case note_kind::dropped_other_incarnation:
    case note_kind::woke_late:
    case note_kind::refused_malformed:
    case note_kind::refused_answer:
    case note_kind::refused_second_leader:
    case note_kind::refused_contradiction:
    case note_kind::term_far_ahead:
      return warning;
    default:
      return debug;
  }
}

} // namespace raft::consensus
