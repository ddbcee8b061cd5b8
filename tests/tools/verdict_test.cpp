// Verdicts: exit codes of answers, of a cluster's status and of digests.

#include <raft/tools/lib/digest.hpp>
#include <raft/tools/lib/status.hpp>
#include <raft/tools/lib/targets.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace raft;
using namespace raft::tools;

namespace {

cluster::server_state server(std::uint64_t id, peer_role role,
                             std::uint64_t term, std::uint64_t commit,
                             std::uint64_t applied) {
  cluster::server_state x;
  x.where = {"127.0.0.1", static_cast<std::uint16_t>(7400 + id)};
  x.state.id = {id};
  x.state.role = role;
  x.state.term = {term};
  x.state.commit = {commit};
  x.state.applied = {applied};
  x.state.leader = {1};
  return x;
}

cluster::server_state dead_server() {
  cluster::server_state x;
  x.where = {"127.0.0.1", 7403};
  x.error = "127.0.0.1:7403: connection refused";
  return x;
}

peer_digest digest_of(std::uint64_t applied, std::uint64_t hash) {
  return {{"127.0.0.1", 7401}, {applied}, {7, hash}, {}};
}

exit_code code_of(outcome result, reject_reason reason) {
  executed x;
  x.result = result;
  x.reason = reason;
  x.reply = kv::encode(kv::reply{});
  return read_answer(x).why.code;
}

} // namespace

BOOST_AUTO_TEST_SUITE(verdicts)

BOOST_AUTO_TEST_CASE(answers_have_exit_codes) {
  auto none = reject_reason::none;
  BOOST_TEST((code_of(outcome::committed, none) == exit_code::ok));
  BOOST_TEST((code_of(outcome::unknown, none) == exit_code::unknown));
  BOOST_TEST((code_of(outcome::rejected, reject_reason::not_leader)
              == exit_code::unreachable));
  BOOST_TEST((code_of(outcome::rejected, reject_reason::busy)
              == exit_code::unreachable));
  BOOST_TEST((code_of(outcome::rejected, reject_reason::disk_full)
              == exit_code::unreachable));
  BOOST_TEST(
    (code_of(outcome::rejected, reject_reason::too_large) == exit_code::usage));
}

BOOST_AUTO_TEST_CASE(a_reply_that_can_not_be_read_is_no_success) {
  executed x;
  x.result = outcome::committed;
  x.reply = bytes{"rubbish"};
  BOOST_TEST((read_answer(x).why.code == exit_code::usage));
}

BOOST_AUTO_TEST_CASE(the_status_table_shows_lag_and_silence) {
  auto text
    = status_table({server(1, peer_role::leader, 4, 120, 120),
                    server(2, peer_role::follower, 4, 118, 20), dead_server()});
  BOOST_TEST(
    text
    == "peer  address         role       term  commit  applied  leader  lag\n"
       "   1  127.0.0.1:7401  leader        4     120      120       1    0\n"
       "   2  127.0.0.1:7402  follower      4     118       20       1  100\n"
       "   -  127.0.0.1:7403  no answer     -       -        -       -    -\n"
       "127.0.0.1:7403: connection refused\n");
}

BOOST_AUTO_TEST_CASE(the_status_is_available_as_json) {
  auto rows = nlohmann::json::parse(
    status_json({server(1, peer_role::leader, 4, 120, 110), dead_server()}));
  BOOST_TEST(rows.size() == 2u);
  BOOST_TEST(rows[0]["role"] == "leader");
  BOOST_TEST(rows[0]["lag"] == 10);
  BOOST_TEST(rows[1]["error"] == "127.0.0.1:7403: connection refused");
  BOOST_TEST(!rows[1].contains("role"));
}

BOOST_AUTO_TEST_CASE(a_leader_of_an_old_term_does_not_count) {
  auto leader = server(1, peer_role::leader, 4, 1, 1);
  auto newer = server(2, peer_role::candidate, 5, 1, 1);
  using servers = std::vector<cluster::server_state>;
  BOOST_TEST((judge(servers{leader, dead_server()}).code == exit_code::ok));
  BOOST_TEST((judge(servers{leader, newer}).code == exit_code::unreachable));
  BOOST_TEST((judge(servers{dead_server()}).code == exit_code::unreachable));
}

BOOST_AUTO_TEST_CASE(digests_are_compared_at_the_same_index) {
  using digests = std::vector<peer_digest>;
  digests same{digest_of(9, 1), digest_of(9, 1), digest_of(9, 1)};
  BOOST_TEST(settled(same));
  BOOST_TEST((judge(same).code == exit_code::ok));
  digests behind{digest_of(9, 1), digest_of(9, 1), digest_of(8, 2)};
  BOOST_TEST(!settled(behind));
  BOOST_TEST((judge(behind).code == exit_code::no));
  digests differ{digest_of(9, 1), digest_of(8, 1), digest_of(9, 2)};
  BOOST_TEST(settled(differ));
  BOOST_TEST((judge(differ).code == exit_code::no));
  BOOST_TEST(judge(differ).message.find("differ") != std::string::npos);
  digests silent{digest_of(9, 1), digest_of(9, 1), digest_of(0, 0)};
  silent.back().error = "connection refused";
  BOOST_TEST(!settled(silent));
  BOOST_TEST((judge(silent).code == exit_code::unreachable));
}

BOOST_AUTO_TEST_CASE(addresses_come_from_where_they_are_given_first) {
  target_sources sources;
  BOOST_CHECK_THROW(find_targets(sources), cluster::configuration_error);
  sources.environment = "127.0.0.1:1";
  BOOST_TEST(find_targets(sources).servers.size() == 1u);
  sources.peers = "127.0.0.1:1,127.0.0.1:2";
  BOOST_TEST(find_targets(sources).servers.size() == 2u);
  sources.peers = "127.0.0.1:1,,127.0.0.1:2";
  BOOST_CHECK_THROW(find_targets(sources), cluster::configuration_error);
}

BOOST_AUTO_TEST_SUITE_END()
