// Where a script plays: some peers, the mail between them, and time.

#pragma once

#include <raft/simulation/virtual_peer.hpp>
#include <raft/tests/support/narration.hpp>
#include <raft/tests/support/words.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace raft::test {

using namespace simulation;

/// Drives a cluster by the commands of a script and tells what happens. Nothing
/// happens by itself: messages, writes, reads and applies wait until a command
/// completes them, and time stands still until a command moves it.
///
/// The commands are described in tests/scripts/README.md.
class stage {
public:
  /// Carries out one command.
  /// @returns what there is to tell.
  /// @throws bad_command if there is no such command or it makes no sense now.
  /// @throws violation if a peer broke a rule.
  std::vector<std::string> run(const std::string& command);

private:
  using pair = std::pair<peer_id, peer_id>;
  using command = void (stage::*)(words&);

  static const std::map<std::string, command>& commands();

  // -- commands about peers ---------------------------------------------------

  void do_cluster(words& in);
  void do_disk(words& in);
  void do_crash(words& in);
  void do_restart(words& in);
  void do_start(words& in);
  void do_transfer(words& in);
  void do_persist(words& in);
  void do_refuse(words& in);
  void do_flush(words& in);
  void do_read(words& in);
  void do_apply(words& in);

  // -- commands about mail ----------------------------------------------------

  void do_deliver(words& in);
  void do_drop(words& in);
  void do_duplicate(words& in);
  void do_reorder(words& in);
  void do_link(words& in);
  void do_cut(words& in);
  void do_heal(words& in);

  // -- commands about time ----------------------------------------------------

  void do_advance(words& in);
  void do_stall(words& in);

  // -- commands that do many things -------------------------------------------

  void do_settle(words& in);
  void do_elect(words& in);

  // -- commands that show something -------------------------------------------

  void do_status(words& in);
  void do_log(words& in);
  void do_progress(words& in);
  void do_mail(words& in);

  // -- steps ------------------------------------------------------------------

  /// Gives a peer one input and tells what it made of it.
  consensus::output
  step(virtual_peer& peer,
       const std::function<consensus::output(virtual_peer&)>& input);

  void boot(virtual_peer& peer, std::size_t tail);
  void connect(peer_id x, peer_id y, bool up);
  void send(const std::vector<consensus::message>& messages);

  /// Delivers the oldest message of a pair.
  void deliver(const pair& way);
  void persist(virtual_peer& peer);
  void read(virtual_peer& peer);
  void apply(virtual_peer& peer, std::size_t count);
  bool settle_once();
  void advance(virtual_peer& peer, base::instant to);
  void advance_all(base::instant by);
  void advance_to_timeout(virtual_peer& peer);

  // -- help -------------------------------------------------------------------

  void say(std::string line);

  /// @throws bad_command if there is no such peer.
  virtual_peer& find(peer_id x);

  /// @throws bad_command if there is none or it does not run.
  virtual_peer& running(peer_id x);

  /// The mail of the next word's pair, whose oldest message must be of the kind
  /// that the words after it name.
  std::deque<consensus::message>& mail_of_kind(const pair& way, words& in);

  /// "1's append to 2", the oldest message of a pair.
  std::string what_is_first(const pair& way);

  consensus::settings config_;
  std::vector<virtual_peer> peers_; // peer 1 is at 0
  std::map<pair, std::deque<consensus::message>> mail_;
  std::set<pair> no_link_; // both ways
  std::set<pair> cut_; // one way
  std::vector<std::string> lines_;
};

} // namespace raft::test
