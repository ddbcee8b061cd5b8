// A whole cluster in virtual time, in one thread, from one seed.

#pragma once

#include <raft/simulation/cluster_parts.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace raft::simulation {

/// Real cores, sessions, clients and a state machine; virtual disks, network,
/// clocks and processes. The same seed and the same calls give the same run,
/// byte for byte. After each step of a peer all invariants are checked: those
/// of its core, those that hold between peers (the `safety_checker`), that what
/// was acknowledged stays on the disks of a majority, and that the state
/// machines of all peers answer the same.
///
/// Peers have the ids 1, 2, ...; clients are numbered from 1. All functions
/// that let time pass or give somebody an input throw `violation`; afterwards
/// only observers may be called.
///
/// Functions that users pass in are called while time passes, and may call
/// anything here but what lets time pass.
class cluster : private cluster_parts {
public:
  /// Makes the cluster and starts all peers.
  /// @param watching Is told what happens, if not null; must outlive this.
  /// @throws std::invalid_argument if the settings are wrong.
  explicit cluster(const cluster_options& options,
                   observer* watching = nullptr);

  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  // -- time -------------------------------------------------------------------

  instant now() const noexcept {
    return events_.now();
  }

  void run_for(duration length);

  /// Lets time pass until a condition holds, asking after each step.
  /// @returns whether it did, by the deadline.
  bool run_until(const std::function<bool()>& condition, instant deadline);

  void after(duration delay, std::function<void()> what);

  /// The same, unless `end_faults` is called before: for the ends of faults.
  void after_unless_ended(duration delay, std::function<void()> what);

  const cluster_options& options() const noexcept {
    return options_;
  }

  // -- peers ------------------------------------------------------------------

  std::size_t size() const noexcept {
    return peers_.size();
  }

  std::vector<peer_id> ids() const;

  bool runs(peer_id who) const;

  /// Runs and does not stand still.
  bool acts(peer_id who) const;

  /// Offers a command without a session. @pre `runs(who)`.
  started start(peer_id who, bytes command);

  /// @pre `runs(who)`.
  peer_state state(peer_id who) const;

  /// The peers that act and believe to lead.
  std::vector<peer_id> leaders() const;

  /// Asks the state machine as it stands. @pre `runs(who)`.
  bytes query(peer_id who, const bytes& request) const;

  /// The state machine itself. @pre `runs(who)`.
  const machine::state_machine& machine(peer_id who) const {
    return *around(who).machine;
  }

  /// The committed entries whose effects the state machine of a peer holds, or
  /// held last, in order, from index 1.
  const std::vector<entry>& delivered(peer_id who) const;

  /// Calls a function with each committed entry that a peer gives to its state
  /// machine, in order. A process that starts again begins behind what its
  /// state machine has on the disk: with index 1, if it keeps nothing.
  void on_delivery(std::function<void(peer_id, const entry&)> what);

  /// How many commands and other entries were committed so far.
  std::size_t committed() const noexcept {
    return safety_.committed();
  }

  /// How many reads were answered without an entry.
  std::size_t reads() const noexcept {
    return reads_;
  }

  std::size_t terms_led() const noexcept {
    return safety_.terms_led();
  }

  // -- liveness (cluster_liveness.cpp) ----------------------------------------

  /// The largest majority that could serve (simulation/liveness.hpp); empty if
  /// there is none.
  std::vector<peer_id> able_majority() const;

  /// Another number when something around a peer is different.
  std::uint64_t context_hash() const;

  /// When a client last got an answer that an applied entry made: its command's
  /// result, a new session, or that its session has expired.
  instant served_at() const noexcept {
    return served_at_;
  }

  // -- processes --------------------------------------------------------------

  /// Ends a process in the middle of what it does. Does nothing if it does not
  /// run.
  /// @param fate What becomes of the write under way. A write is one atomic
  ///        step (persistence/store.hpp), so it is never there in part.
  void crash(peer_id who, unfinished_write fate = unfinished_write::lost);

  /// Starts a process from its disk. Does nothing if it runs.
  void restart(peer_id who);

  /// Ends the process and takes all that its disk holds. It comes back as a
  /// peer that knows no members, as a server does that was not told to found
  /// the cluster: so it neither votes nor campaigns nor follows. From now on,
  /// of what was committed one copy less is asked for.
  void wipe(peer_id who);

  /// The same, but it is founded again.
  void found_again(peer_id who);

  std::vector<peer_id> founders() const; // the others are spare

  /// Makes a peer ready to be taken in, if its disk is empty.
  /// @returns what to take in.
  incarnation_id join(peer_id who);

  /// Asks a peer for other members. @pre `acts(who)`.
  members_changed change(peer_id who, const change_members& wanted);

  std::vector<membership> in_force() const; // at some peer

  /// Lets a peer take a snapshot, if it acts.
  void snapshot(peer_id who);

  /// Copies the disk of a process that ends, in good order or not, and starts
  /// it again. The copy has nothing of the state machine's.
  /// @returns nothing if entries were dropped, which that would need.
  std::optional<recorded_disk> copy_disk(peer_id who, bool in_order);

  /// Wipes a peer and gives it another disk: an older copy, or that of a peer
  /// with its id in another cluster with the same members.
  void replace_disk(peer_id who, recorded_disk with);
  recorded_disk foreign_disk(peer_id who) const;

  void swap_disks(peer_id x, peer_id y);
  void put_back(peer_id who);

  /// Whether the disk of a peer was lost, or replaced by another one.
  bool wiped(peer_id who) const {
    return around(who).wiped;
  }

  /// Whether a peer is kept out because it remembers another store of a third
  /// one than the majority does. That can be if a disk is lost before all have
  /// met its peer: those who had not take the new one for the only one.
  bool left_out(peer_id who) const;

  /// Lets a process stand still; what arrives waits. And lets it go on.
  void pause(peer_id who);
  void resume(peer_id who);

  /// @param millionths How much too fast its clock runs from now on.
  void set_drift(peer_id who, std::int64_t millionths);
  std::int64_t drift(peer_id who) const;

  /// As the options say.
  std::int64_t usual_drift(peer_id who) const;

  /// @param ahead_ms How far its wall clock is ahead of the right time from now
  ///        on, or behind it.
  void set_wall(peer_id who, std::int64_t ahead_ms);
  std::int64_t wall_ahead_ms(peer_id who) const;

  /// The disk of the log and that of the state machine's data, which may be
  /// one; and each of them alone.
  void set_disk(peer_id who, const disk_profile& x);
  void set_log_disk(peer_id who, const disk_profile& x);
  void set_data_disk(peer_id who, const disk_profile& x);
  const disk_profile& log_disk(peer_id who) const;
  const disk_profile& data_disk(peer_id who) const;

  /// As the options say.
  disk_profile usual_disk(peer_id who) const;

  /// The state machine applies nothing any more: a call does not return, or
  /// waits for something. And it goes on. A new process does not help.
  void stick_machine(peer_id who);
  void free_machine(peer_id who);

  // -- releases (cluster_releases.cpp) ----------------------------------------

  /// From its next start on, a peer is a release that speaks no newer version
  /// of the messages than this. It does not start if its log has a higher
  /// level.
  void set_release(peer_id who, std::uint32_t version);

  /// It is the newest one, if it was too old for what the others are. Starts it
  /// again then.
  void update(peer_id who);

  // -- what it leaves to others (cluster_backups.cpp) -------------------------

  /// Takes a backup of what a peer has applied, which is there a moment later;
  /// and adds to the last backup the entries that follow, if a peer has them.
  /// Does nothing to a peer that does not act.
  /// @returns whether it is on the way.
  bool back_up(peer_id who);
  void back_up_more(peer_id who);

  /// Notes what would be left if all but these were lost for good now.
  void lose_majority(const std::vector<peer_id>& survivors);

  remains remains_of(peer_id who) const;

  const bequest& left() const noexcept {
    return bequest_;
  }

  // -- network ----------------------------------------------------------------

  void set_network(const network_profile& x);

  const network_profile& network_now() const noexcept {
    return network_.profile();
  }

  /// Cuts the way from one peer to another, in this direction alone. Nobody is
  /// told.
  void cut(peer_id from, peer_id to);
  void heal(peer_id from, peer_id to);

  /// What one peer sends to another stays on the way until that is open again,
  /// and then comes in random order. Nobody is told.
  void stall(peer_id from, peer_id to);
  void release(peer_id from, peer_id to);

  /// Cuts all ways to and from other peers; clients still reach it.
  void disconnect(peer_id who);
  void connect(peer_id who);

  /// Cuts all ways between groups. Whoever is in no group is alone.
  void partition(const std::vector<std::vector<peer_id>>& groups);

  /// Opens all ways.
  void heal();

  /// The connection between two peers breaks, in both directions, and both are
  /// told; or it can be made again.
  void break_link(peer_id x, peer_id y);
  void mend_link(peer_id x, peer_id y);

  /// Another connection takes the place of the one between two peers, and
  /// neither missed the old one, whose messages arrive or do not. Does nothing
  /// to a peer that does not act, or is not connected.
  void renew_link(peer_id x, peer_id y);

  /// A peer is asked to hand over to another one, or (0) to the best.
  void transfer(peer_id from, peer_id to);

  /// Stops a peer's links one by one, `step` apart, and then brings them back,
  /// each in random order.
  void swizzle(peer_id who, duration step);

  bool is_afflicted(affliction x, peer_id from, peer_id to) const;

  /// For those who make faults. `end_faults` forgets them.
  overlaps& under_way() noexcept {
    return under_way_;
  }

  /// Takes all faults back: all run and reach each other over a network without
  /// loss, disks and clocks work, and the state machine takes at most 5 ms for
  /// ten entries.
  void end_faults();

  /// Takes `end_faults` back: all is as the options say.
  void resume_faults();

  // -- counters ---------------------------------------------------------------

  const traffic& sent() const noexcept {
    return network_.total();
  }

  traffic sent_by(peer_id who) const {
    return network_.sent_by(who.value);
  }

  /// What has reached the present process of a peer.
  const traffic& received(peer_id who) const;

  // -- clients ----------------------------------------------------------------

  using client_number = std::uint64_t;

  /// Makes a client with a session of its own that can reach all peers.
  client_number open_client(const client_options& options = {});

  /// Says which peers a client can reach.
  void set_reach(client_number who, const std::set<peer_id>& peers);

  /// Has a command executed. `done`, which may be null, is called with the
  /// answer.
  void execute(client_number who, bytes command,
               std::function<void(const executed&)> done);

  /// Lets a client run a program, a command at a time.
  void run_program(client_number who, client_program program);

  /// Programs issue no further commands. They go on.
  void stop_programs();
  void start_programs();

  /// All commands of all clients, in the order in which they were asked.
  const std::vector<client_operation>& history() const noexcept {
    return history_;
  }

  /// Commands that wait for an answer.
  std::size_t outstanding() const;

  // -- this run ---------------------------------------------------------------

  /// Tells runs apart: equal if and (but for collisions) only if all steps
  /// were.
  std::uint64_t fingerprint() const noexcept {
    return fingerprint_;
  }

  std::uint64_t steps() const noexcept {
    return steps_;
  }

  /// What happened to all peers.
  counters counts() const;

  /// Notes in the trace that something changed, for those who change it.
  void tell(std::string text, peer_id who = {});

private:
  // -- steps of peers (cluster_steps.cpp) -------------------------------------

  using input = std::function<consensus::output(virtual_peer&)>;

  /// Does something for a process at some time, if it still runs then; later,
  /// if it stands still.
  void at(instant when, peer_id who, std::function<void()> what);
  void boot(peer_id who);
  void step(peer_id who, const input& what);
  void advance(peer_id who);
  void carry_out(peer_id who, consensus::output out);
  void schedule_alarm(peer_id who);
  void after_log_disk(peer_id who, std::function<void()> then);
  void schedule_write(peer_id who);
  void schedule_read(peer_id who);
  duration disk_delay(const disk_profile& of);
  void tell_of_disk(const char* which, const disk_profile& x, peer_id who);
  bool has_space_for_write(peer_id who) const;
  void fail_disk(peer_id who);
  void give_up_if_deposed(peer_id who);
  std::uint64_t wall_ms(peer_id who) const;
  void mix(std::uint64_t x) noexcept;
  void note_step(const virtual_peer& x, const consensus::output& out);
  void observe(peer_id who);
  void observe_log(peer_id who);

  // -- releases (cluster_releases.cpp) ----------------------------------------

  std::uint32_t version_between(peer_id who, peer_id other) const;
  bool understand_each_other(peer_id who, peer_id other) const;
  void look_at_level(peer_id who);
  void check_level(peer_id who) const;
  void end_outgrown_links(peer_id who, const consensus::output& out);

  // -- state machines (cluster_machine.cpp) -----------------------------------

  void wake_machine(peer_id who);
  void end_machine(peer_id who);
  void schedule_apply(peer_id who);
  void apply_some(peer_id who);
  void apply_one(peer_id who, const entry& e);
  std::string described(const entry& x) const;
  void compare_results(peer_id who, const apply_result& x);
  void answer_applied(peer_id who, const entry& x, const apply_result& result);
  void tell_machine(peer_id who, bool committed);
  void checkpoint_if_due(peer_id who, bool now);
  void arm_checkpoint(peer_id who);
  bool has_space_for_state(peer_id who) const;
  void schedule_checkpoint(peer_id who, duration delay = duration{0});
  void checkpoint(peer_id who);

  // -- snapshots (cluster_snapshots.cpp) --------------------------------------

  void carry_out_snapshots(peer_id who, const consensus::output& out);
  void schedule_snapshot(peer_id who);
  void take_snapshot(peer_id who, std::size_t count,
                     const std::shared_ptr<const machine::copied_state>& state);
  void schedule_store(peer_id who);
  void schedule_install(peer_id who);
  void give_to_machine(peer_id who, const shared_snapshot& content);
  void finish_install(peer_id who);
  void emit_snapshot(event_kind what, peer_id who, const log_position& last);

  // -- what it leaves to others (cluster_backups.cpp) -------------------------

  void keep_backup(peer_id who, machine::snapshot&& frozen);
  void inherit(const estate& x);

  // -- network (cluster_network.cpp) ------------------------------------------

  void send(peer_message msg);
  void arrive_at(instant when, const parcel_under_way& x);
  void replay(peer_id who);
  void deliver(const parcel_under_way& x);
  void connections_changed(peer_id who);
  void connection_changed(peer_id who, peer_id other);
  void connect_or_not(peer_id who, peer_id other);
  bool are_linked(peer_id who, peer_id other) const;
  bool belong_together(peer_id who, peer_id other);
  void client_connection_changed(client_number who, peer_id other);
  void emit(event x);
  void emit(event_kind what, peer_id who, peer_id other = {},
            std::uint64_t number = 0);

  // -- clients (cluster_clients.cpp) ------------------------------------------

  void carry_out(client_number who);
  void send_request(client_number who, client::client_state::request x);
  void on_request(peer_id who, const ticket& from,
                  const client::client_state::request& x);
  void begin_read(peer_id who, const ticket& from, const bytes& command);
  void end_reads(peer_id who, const consensus::read_verdict& which);
  void refuse_read(peer_id who, const ticket& from, reject_reason reason);
  void run_read(peer_id who, const ticket& from, const bytes& command);
  void send_answer(peer_id who, const ticket& to, const executed& x);
  void next_command(client_number who);
  void ask(client_number who, bytes command,
           std::function<void(const executed&)> done);
  void on_answer(client_number who, client::client_state::answer x);

  // -- help -------------------------------------------------------------------

  bool is_able(peer_id who) const;
  bool has_usual_network() const;
  bool has_way(peer_id from, peer_id to) const;
};

} // namespace raft::simulation
