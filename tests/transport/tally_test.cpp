// What is said of strangers, and how often.

#include <raft/transport/tally.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

namespace raft::transport {

BOOST_AUTO_TEST_SUITE(tally_tests)

BOOST_AUTO_TEST_CASE(the_first_is_said_and_the_others_are_counted) {
  using namespace std::chrono_literals;
  using reports = std::vector<report>;
  reports said;
  tally x{[&](const report& what) { said.push_back(what); }};
  BOOST_TEST((x.next() == std::nullopt));
  for (int i = 0; i < 1000; ++i)
    x.note("kind", "once " + std::to_string(i), "more times", 1s);
  x.note("other", "another", "", 2s);
  BOOST_TEST((said == reports{{"kind", "once 0"}, {"other", "another"}}));
  BOOST_TEST((x.next() == moment{11s}));
  x.tell(10s);
  BOOST_TEST(said.size() == 2);
  x.tell(11s);
  BOOST_TEST((said.back() == report{"kind", "more times", 999}));
  // While it goes on, it is told now and then; after a pause it is new.
  x.note("kind", "once more", "more times", 12s);
  x.tell(21s);
  BOOST_TEST((said.back() == report{"kind", "more times", 1}));
  x.tell(31s);
  BOOST_TEST((x.next() == std::nullopt));
  x.note("kind", "once again", "more times", 32s);
  BOOST_TEST((said.back() == report{"kind", "once again"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raft::transport
