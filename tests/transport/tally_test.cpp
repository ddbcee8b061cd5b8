// What is said of strangers, and how often.

#include <raft/transport/tally.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

namespace raft::transport {

BOOST_AUTO_TEST_SUITE(tally_tests)

BOOST_AUTO_TEST_CASE(the_first_is_said_and_the_others_are_counted) {
  using namespace std::chrono_literals;
  using lines = std::vector<std::string>;
  lines said;
  tally x{[&](const std::string& what) { said.push_back(what); }};
  BOOST_TEST((x.next() == std::nullopt));
  for (int i = 0; i < 1000; ++i)
    x.note("kind", "once " + std::to_string(i), "more times", 1s);
  x.note("other", "another", "", 2s);
  BOOST_TEST((said == lines{"once 0", "another"}));
  BOOST_TEST((x.next() == moment{11s}));
  x.tell(10s);
  BOOST_TEST(said.size() == 2);
  x.tell(11s);
  BOOST_TEST((said == lines{"once 0", "another", "999 more times"}));
  // While it goes on, it is told now and then; after a pause it is new.
  x.note("kind", "once more", "more times", 12s);
  x.tell(21s);
  BOOST_TEST(said.back() == "1 more times");
  x.tell(31s);
  BOOST_TEST((x.next() == std::nullopt));
  x.note("kind", "once again", "more times", 32s);
  BOOST_TEST(said.back() == "once again");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raft::transport
