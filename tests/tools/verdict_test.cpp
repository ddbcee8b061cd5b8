// Verdicts: exit codes of answers and of digests.

#include <raft/tools/lib/digest.hpp>
#include <raft/tools/lib/targets.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::tools;

namespace {

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
  BOOST_CHECK_THROW(find_targets(sources), links::configuration_error);
  sources.environment = "127.0.0.1:1";
  BOOST_TEST(find_targets(sources).servers.size() == 1u);
  sources.peers = "127.0.0.1:1,127.0.0.1:2";
  BOOST_TEST(find_targets(sources).servers.size() == 2u);
  sources.peers = "127.0.0.1:1,,127.0.0.1:2";
  BOOST_CHECK_THROW(find_targets(sources), links::configuration_error);
}

BOOST_AUTO_TEST_SUITE_END()
