// Every event has a severity, and words with its data in them.

#include <raft/events/event.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace raft;
using namespace raft::events;
using namespace std::chrono_literals;

namespace {

/// An event, and what a log makes of it.
struct example {
  event what;
  severity how;
  std::string text;
};

const remote other{{2}, "host:7002"};

std::vector<example> examples_of_peer() {
  using enum severity;
  note leads{consensus::note_kind::became_leader, {4}, {}, {{7}, {4}}};
  return {
    {leads, info, to_text(leads)},
    {failed{"the disk is on fire"}, critical, "the disk is on fire"},
    {checkpoint_lacks_space{"no room for 7 bytes"}, warning,
     "no room for 7 bytes. Nothing is lost, and it is tried again and again; "
     "commands wait when memory is full"},
    {checkpoint_has_space{}, warning,
     "there is room on the disk again; the state was checkpointed"},
    {snapshot_trouble{"a snapshot cannot be taken", "the disk is on fire"},
     warning,
     "a snapshot cannot be taken: the disk is on fire. It is tried again and "
     "again; until then, logs are kept for those who need it"},
    {checkpoint_given_up{"the disk is on fire"}, warning,
     "the disk is on fire"},
    {machine_killed{{3}, 10ms}, warning,
     "the state machine of group 3 did not end within 10 ms and is killed"},
  };
}

std::vector<example> examples_of_node() {
  using enum severity;
  return {
    {log_found{{5}, {9}, {3}, {{1}, {2}}}, info,
     "the log on the disk holds entries 5 to 9, in term 3; its members are 1, "
     "2"},
    {log_found{{1}, {0}, {0}, {}}, info,
     "the log on the disk holds no entries, in term 0; its members are not "
     "known yet"},
    {members_differ{{{1}, {4}}, {{1}, {2}}}, warning,
     "--members names the peers 1, 4, but the cluster was founded with 1, 2: "
     "only the latter count, until they are changed with 'raftctl member'. "
     "Name "
     "these, or start with the directory of the cluster that is meant"},
    {did_not_stop{"the peer", "request_timeout"}, error,
     "the peer did not stop: request_timeout"},
    {stray_dropped{"raft.peer", "abc#1", 4}, warning,
     "dropped a message from process abc#1 to raft.peer, which only takes it "
     "from its own process; 4 such messages so far"},
    {port_trouble{"", "limit", "closed a connection", 0}, warning,
     "closed a connection"},
    {port_trouble{"redis", "files", "times no files", 6}, warning,
     "redis: 6 times no files"},
  };
}

std::vector<example> examples_of_links() {
  using enum severity;
  return {
    {link_connected{other}, info, "peer 2 at host:7002 is connected"},
    {link_connected{{{}, "host:7002"}}, info,
     "the server at host:7002 is connected"},
    {link_lost{other, ""}, warning, "peer 2 at host:7002 is gone"},
    {link_lost{other, "you lie"}, warning,
     "peer 2 at host:7002 ends the connection: you lie"},
    {link_failed{other, "no route", false, false}, warning,
     "cannot connect to peer 2 at host:7002: no route"},
    {link_failed{other, "it is peer 3", true, false}, error,
     "cannot connect to peer 2 at host:7002: it is peer 3"},
    {link_failed{other, "it is peer 3", true, true}, debug,
     "cannot connect to peer 2 at host:7002: it is peer 3"},
    {link_refused{{3}, "wiped", false, false}, error, "refused peer 3: wiped"},
    {link_refused{{}, "lost", true, false}, warning, "refused a client: lost"},
    {link_refused{{3}, "wiped", false, true}, debug, "refused peer 3: wiped"},
    {link_distrusted{other, 500ms, "it lies"}, error,
     "ends the connection to peer 2 at host:7002 for 500 ms: it lies"},
    {store_changed{other}, warning,
     "peer 2 at host:7002 has come back with another store"},
    {link_fallback{{2}, {5}, 300ms}, warning,
     "peer 2 has not connected to this peer for 300 ms, as it should, so this "
     "peer tries to connect to it. Unless peer 2 does not run, see whether it "
     "can reach the address that it knows of peer 5"},
    {link_connected{{{2}, ""}}, info, "peer 2 is connected"},
    {joined{{2}, {77}, {{1}, {2}}}, info,
     "joined the cluster with the id 77, which was founded by the peers 1, 2: "
     "peer 2 says that this peer is a member"},
    {link_ended{other}, info,
     "peer 2 at host:7002 is no member any more: its connection was ended"},
    {address_differs{{2}, "host:1", "host:2"}, warning,
     "peer 2 is configured to be at host:1, but it has moved to host:2, and "
     "that counts: correct --members"},
    {kept_out{{exclusion::older_copy, "an old copy"}}, warning,
     "does not take part: an old copy"},
    {restored_confirmed{}, info,
     "all other members have confirmed that the directory is no older copy: "
     "takes part again"},
  };
}

std::vector<example> examples_of_redis() {
  using enum severity;
  return {
    {redis_listening{{"127.0.0.1:6379", "[::1]:6379"}}, info,
     "redis: listening for clients on 127.0.0.1:6379 and [::1]:6379"},
    {redis_clients_limited{10, 1000, 74}, warning,
     "redis: at most 10 clients instead of 1000, because this process may open "
     "only 74 files; see ulimit -n"},
    {redis_unread{7, 100, 300, 90}, warning,
     "redis: closing the connection of client 7: it has not read 100 bytes of "
     "replies, of 300 that all clients have not read; the bound is 90"},
    {redis_unfinished{7, 100ms}, warning,
     "redis: closing the connection of client 7: it did not finish a large "
     "request within 100 ms while others wait to send theirs"},
    {redis_http{7, 0}, warning,
     "redis: possible attack: client 7 sent a line of HTTP, as a page in a "
     "browser can; nothing of it was executed, and its connection is closed"},
    {redis_http{7, 3}, warning,
     "redis: possible attack: client 7 sent a line of HTTP, as a page in a "
     "browser can; nothing of it was executed, and its connection is closed; 3 "
     "more did so since this was said last"},
    {redis_deaf{}, error,
     "redis: the listening socket was closed; no more clients can connect"},
  };
}

/// Trouble, what is said of it, and what is said when it is over.
struct trouble_example {
  trouble what;
  std::string begins;
  std::string ends;
};

std::vector<trouble_example> troubles() {
  return {
    {machine_stuck{{8}, 5},
     "the state machine does not take entry 8, and 5 committed ones wait with "
     "it: look at its disk and its load",
     "the state machine goes on"},
    {commit_stuck{{8}, 3},
     "this peer leads, but entry 8 is not committed: a majority of the 3 "
     "members must be reached and have it on their disks",
     "entries are committed again"},
    {disk_full{},
     "the disk is full: this peer takes no entries. Make room; it goes on by "
     "itself",
     "there is room on the disk again"},
    {disk_stuck{{8}},
     "the log's disk does not take entry 8: it hangs or is very slow",
     "the disk takes entries again"},
    {log_kept{{4}, 3 << 20, {{2}, {3}, {4}, false}},
     "the logs of all peers grow: entries from 4 on, 3.0 MiB of them here, are "
     "kept for peer 2, which has those up to 3 and is not connected. Bring it "
     "back, or make sure that there is room",
     "the log is not kept for others any more"},
    {no_leader{3, {}, 1, {{other, "no route"}, {{{3}, "host:7003"}, "gone"}}},
     "this peer cannot serve: there is no leader. It reaches 1 of 3 members, "
     "itself included, and 2 are needed; not connected are peer 2 at "
     "host:7002: no route; peer 3 at host:7003: gone",
     "this peer can serve: there is a leader"},
    {no_leader{3, {exclusion::older_copy, "an old copy"}, 3, {}},
     "this peer cannot serve, because it is kept out: an old copy",
     "this peer can serve: there is a leader"},
    {no_leader{0, {}, 1, {}},
     "this peer cannot serve: its store is empty, so it takes part in no "
     "election and waits for a leader that tells it who the members are",
     "this peer can serve: there is a leader"},
    {machine_full{},
     "the disk is full: the state machine has no room, and commands that need "
     "some are refused. Make room, or erase; it goes on by itself",
     "there is room for the state machine again"},
    {silent{},
     "this peer does not answer in its own process: it is overloaded or stuck",
     "this peer answers again"},
  };
}

std::vector<example> examples_of_health() {
  std::vector<example> result;
  for (const auto& x : troubles()) {
    result.push_back(
      {unhealthy{x.what, std::nullopt}, severity::warning, x.begins});
    result.push_back(
      {unhealthy{x.what, 33s}, severity::warning, x.begins + " (for 33 s)"});
    result.push_back(
      {healthy_again{x.what, 40s}, severity::info, x.ends + " (after 40 s)"});
  }
  return result;
}

std::vector<example> all_examples() {
  std::vector<example> result;
  for (const auto& some :
       {examples_of_peer(), examples_of_node(), examples_of_links(),
        examples_of_health(), examples_of_redis()})
    result.insert(result.end(), some.begin(), some.end());
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(event_suite)

BOOST_AUTO_TEST_CASE(an_event_has_a_severity_and_words_with_its_data) {
  for (const auto& x : all_examples()) {
    BOOST_TEST(to_text(x.what) == x.text);
    BOOST_TEST((severity_of(x.what) == x.how), x.text);
  }
}

BOOST_AUTO_TEST_CASE(there_is_an_example_of_each) {
  std::set<std::size_t> kinds;
  for (const auto& x : all_examples())
    kinds.insert(x.what.index());
  BOOST_TEST(kinds.size() == std::variant_size_v<event>);
  kinds.clear();
  for (const auto& x : troubles())
    kinds.insert(x.what.index());
  BOOST_TEST(kinds.size() == std::variant_size_v<trouble>);
}

BOOST_AUTO_TEST_CASE(notes_keep_their_severity) {
  note x{consensus::note_kind::disk_is_full, {4}, {}, {{7}, {4}}};
  BOOST_TEST((severity_of(event{x}) == severity::warning));
  x.kind = consensus::note_kind::granted_vote;
  BOOST_TEST((severity_of(event{x}) == severity::debug));
}

BOOST_AUTO_TEST_SUITE_END()
