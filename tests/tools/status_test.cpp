// What raftctl says of a cluster: table, JSON, and the verdict.

#include <raft/tools/lib/status.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace raft;
using namespace raft::tools;

namespace {

using servers = std::vector<client::server_state>;

client::server_state server(std::uint64_t id, peer_role role,
                            std::uint64_t term, std::uint64_t commit,
                            std::uint64_t applied) {
  client::server_state x;
  x.where = {"127.0.0.1", static_cast<std::uint16_t>(7400 + id)};
  x.state.id = {id};
  x.state.incarnation = {100 + id};
  x.state.role = role;
  x.state.term = {term};
  x.state.commit = {commit};
  x.state.applied = {applied};
  x.state.last = {commit};
  x.state.leader = {1};
  x.state.members = {{1}, {2}, {3}};
  x.state.first = {1};
  x.state.log_bytes = 3 << 19;
  return x;
}

client::server_state leading(std::uint64_t id, std::uint64_t term) {
  auto x = server(id, peer_role::leader, term, 50'000, 50'000);
  x.state.leader = {id};
  for (std::uint64_t other = 1; other <= 3; ++other)
    if (other != id)
      x.state.others.push_back({{other}, {50'000}, {50'001}, true});
  return x;
}

client::server_state following(std::uint64_t id, std::uint64_t term,
                               std::uint64_t leader = 1) {
  auto x = server(id, peer_role::follower, term, 50'000, 50'000);
  x.state.leader = {leader};
  return x;
}

client::server_state dead_server() {
  client::server_state x;
  x.where = {"127.0.0.1", 7403};
  x.error = "127.0.0.1:7403: connection refused";
  return x;
}

void check(const servers& all, exit_code code, const std::string& part) {
  auto found = judge(all);
  BOOST_TEST((found.code == code), "another code for: " << found.message);
  BOOST_TEST((found.message.find(part) != std::string::npos),
             "lacks '" << part << "': " << found.message);
}

} // namespace

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(the_status_table_shows_lag_and_silence) {
  auto text
    = status_table({server(1, peer_role::leader, 4, 120, 120),
                    server(2, peer_role::follower, 4, 118, 20), dead_server()});
  BOOST_TEST(text
             == "peer  address         role       term  commit  applied  "
                "leader  lag  log\n"
                "   1  127.0.0.1:7401  leader        4     120      120      "
                " 1    0  1.5MiB\n"
                "   2  127.0.0.1:7402  follower      4     118       20      "
                " 1  100  1.5MiB\n"
                "   -  127.0.0.1:7403  no answer     -       -        -      "
                " -    -  -\n"
                "127.0.0.1:7403: connection refused\n");
}

BOOST_AUTO_TEST_CASE(the_status_is_available_as_json) {
  auto rows = nlohmann::json::parse(
    status_json({leading(1, 4), following(2, 4), dead_server()}));
  BOOST_TEST(rows.size() == 3u);
  BOOST_TEST(rows[0]["role"] == "leader");
  BOOST_TEST(rows[0]["lag"] == 0);
  BOOST_TEST(rows[0]["members"] == (nlohmann::json{1, 2, 3}));
  BOOST_TEST(rows[0]["first"] == 1);
  BOOST_TEST(rows[0]["log_bytes"] == 3 << 19);
  BOOST_TEST(rows[0]["others"].size() == 2u);
  BOOST_TEST(rows[0]["others"][1]["peer"] == 3);
  BOOST_TEST(rows[0]["others"][1]["match"] == 50'000);
  BOOST_TEST(rows[0]["others"][1]["lag"] == 0);
  BOOST_TEST(rows[0]["others"][1]["connected"] == true);
  BOOST_TEST(!rows[1].contains("others"));
  BOOST_TEST(rows[2]["error"] == "127.0.0.1:7403: connection refused");
  BOOST_TEST(!rows[2].contains("role"));
}

BOOST_AUTO_TEST_CASE(a_healthy_cluster_is_well) {
  check({leading(1, 4), following(2, 4), following(3, 4)}, exit_code::ok,
        "peer 1 leads in term 4; all 3 members are there and up to date");
  // The leader speaks for the others.
  check({leading(1, 4)}, exit_code::ok, "all 3 members");
}

BOOST_AUTO_TEST_CASE(one_address_does_not_tell_all) {
  check({following(1, 4, 2)}, exit_code::ok,
        "peer 2 leads in term 4, as far as peer 1 knows; 1 of 3 members were "
        "asked");
  auto nobody = following(1, 4, 0);
  check({nobody}, exit_code::unreachable,
        "there is no leader: a majority of the peers must run and reach each "
        "other (1 of 3 members were asked)");
}

BOOST_AUTO_TEST_CASE(a_leader_that_says_it_does_not_lead_is_none) {
  check({following(1, 4, 2), following(2, 4, 0), following(3, 4, 2)},
        exit_code::unreachable, "there is no leader");
}

BOOST_AUTO_TEST_CASE(a_leader_of_an_old_term_does_not_count) {
  auto newer = server(2, peer_role::candidate, 5, 1, 1);
  newer.state.leader = {};
  check({leading(1, 4), newer}, exit_code::unreachable, "there is no leader");
  check({dead_server()}, exit_code::unreachable, "there is no leader");
}

BOOST_AUTO_TEST_CASE(two_leaders_are_never_well) {
  check({leading(1, 4), leading(2, 4)}, exit_code::unreachable,
        "two peers lead: peer 1 at 127.0.0.1:7401 in term 4, and peer 2 at "
        "127.0.0.1:7402 in term 4; they do not belong together");
  check({leading(1, 4), leading(2, 7), following(3, 7, 2)},
        exit_code::unreachable, "two peers lead");
}

BOOST_AUTO_TEST_CASE(peers_that_do_not_belong_together_are_named) {
  auto alone = leading(1, 4);
  alone.state.members = {{1}};
  alone.state.others.clear();
  check({alone, following(2, 4), following(3, 4)}, exit_code::unreachable,
        "peer 1 at 127.0.0.1:7401 and peer 2 at 127.0.0.1:7402 do not belong "
        "together: one knows the members 1, the other 1, 2, 3");
  auto twin = following(2, 4);
  twin.where.port = 7499;
  twin.state.incarnation = {7};
  check({leading(1, 4), following(2, 4), twin}, exit_code::unreachable,
        "peer 2 at 127.0.0.1:7402 and peer 2 at 127.0.0.1:7499 say that they "
        "are the same peer, with different stores");
  // The same process by two addresses is no harm.
  twin.state.incarnation = {102};
  check({leading(1, 4), following(2, 4), twin}, exit_code::ok, "peer 1 leads");
}

BOOST_AUTO_TEST_CASE(peers_of_two_clusters_do_not_belong_together) {
  auto ours = leading(1, 4);
  ours.state.cluster = {0xab};
  auto theirs = following(2, 4);
  theirs.state.cluster = {0xcd};
  check({ours, theirs, following(3, 4)}, exit_code::unreachable,
        "peer 1 at 127.0.0.1:7401 and peer 2 at 127.0.0.1:7402 do not belong "
        "together: one is of the cluster ab, the other of cd");
  theirs.state.cluster = {};
  theirs.state.kept_out = {exclusion::other_founders, "founded with others"};
  check({ours, theirs, following(3, 4)}, exit_code::unreachable,
        "peer 2 at 127.0.0.1:7402 does not belong to the others: founded with "
        "others");
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_kept_out_is_said) {
  auto copy = following(3, 4);
  copy.state.kept_out = {exclusion::older_copy, "an old copy"};
  check({leading(1, 4), following(2, 4), copy}, exit_code::no,
        "peer 3 at 127.0.0.1:7403 takes no part: an old copy");
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_away_is_said) {
  check({leading(1, 4), following(2, 4), dead_server()}, exit_code::unreachable,
        "127.0.0.1:7403 cannot be asked");
  auto leader = leading(1, 4);
  leader.state.others[1] = {{3}, {100}, {101}, false};
  check({leader, following(2, 4)}, exit_code::unreachable,
        "peer 3 is not connected to the leader and lacks 49900 entries; the "
        "leader's log has them (1.5 MiB from entry 1 on)");
  leader.state.first = {30'000};
  check({leader, following(2, 4)}, exit_code::unreachable,
        "lacks 49900 entries; the leader's log begins at entry 30000, so it "
        "will be brought a snapshot");
  leader.state.others[1].connected = true;
  check({leader, following(2, 4), following(3, 4)}, exit_code::no,
        "so it is brought a snapshot");
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_behind_is_said) {
  auto leader = leading(1, 4);
  leader.state.others[1].match = {9'999};
  check({leader, following(2, 4), following(3, 4)}, exit_code::no,
        "peer 3 lacks 40001 entries");
  auto slow = following(3, 4);
  slow.state.applied = {39'999};
  check({leading(1, 4), following(2, 4), slow}, exit_code::no,
        "peer 3 at 127.0.0.1:7403 has 10001 committed entries still to apply");
  slow.state.applied = {40'000};
  check({leading(1, 4), following(2, 4), slow}, exit_code::ok, "peer 1 leads");
}

BOOST_AUTO_TEST_CASE(a_peer_that_takes_no_part_is_said) {
  auto lost = following(3, 4, 0);
  lost.state.role = peer_role::pre_candidate;
  check({leading(1, 4), following(2, 4), lost}, exit_code::no,
        "peer 3 at 127.0.0.1:7403 follows no leader (pre-candidate)");
  lost.state.members.clear();
  check({leading(1, 4), following(2, 4), lost}, exit_code::no,
        "peer 3 at 127.0.0.1:7403 has an empty store and takes no part");
  check({leading(1, 4), following(2, 4, 3), following(3, 4)}, exit_code::no,
        "peer 2 at 127.0.0.1:7402 still follows peer 3");
}

BOOST_AUTO_TEST_SUITE_END()
