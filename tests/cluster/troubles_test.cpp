// What raftd says when it cannot serve or cannot listen.

#include <raft/links/listening.hpp>
#include <raft/tests/cluster/process_fixture.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

struct troubles_fixture : process_fixture {
  /// How a raftd ends that cannot start.
  std::string complaint(const std::string& self, const flag_list& more = {}) {
    flag_list flags{"--id", "1", "--members", "1=" + self, "--data", data(0)};
    flags.insert(flags.end(), more.begin(), more.end());
    raftd_process refused{flags, log_file(0)};
    BOOST_TEST(refused.wait(patience) == 1);
    return last_words(0);
  }

  bool complains(const std::string& said, const std::string& part) {
    BOOST_TEST_MESSAGE(said);
    return said.find(part) != std::string::npos;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(troubles, troubles_fixture)

BOOST_AUTO_TEST_CASE(the_first_line_says_who_it_is) {
  start(0, members(), {"--bootstrap"});
  BOOST_TEST(says(0, "raftd "));
  BOOST_TEST(says(0, "peer 1 of cluster \"raft\", members 1 at "
                       + to_text(where[0]) + ", 2 at " + to_text(where[1])
                       + ", 3 at " + to_text(where[2]) + ", data in " + data(0)
                       + ", listens for peers and clients at "
                       + to_text(where[0])));
  BOOST_TEST(says(0, "the log on the disk holds no entries, in term 0; its "
                     "members are 1, 2, 3"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_can_not_serve_says_why_and_when_it_is_over) {
  start(0, members(), {"--bootstrap"});
  BOOST_TEST(says(0, "warning: this peer cannot serve: there is no leader. It "
                     "reaches 1 of 3 members, itself included, and 2 are "
                     "needed; not connected are peer 2 at "
                       + to_text(where[1])));
  start(1, members(), {"--bootstrap"});
  BOOST_TEST(says(0, "info: this peer can serve: there is a leader (after "));
}

BOOST_AUTO_TEST_CASE(an_empty_store_says_so) {
  start(0, members());
  BOOST_TEST(says(0, "warning: this peer cannot serve: its store is empty"));
}

BOOST_AUTO_TEST_CASE(an_address_of_another_machine_is_told_from_a_taken_one) {
  BOOST_TEST(complains(complaint("192.0.2.1:7400", {"--insecure"}),
                       "cannot listen at 192.0.2.1:7400: Cannot assign "
                       "requested address; this machine does not have that "
                       "address"));
  start(0, "1=" + to_text(where[0]), {"--bootstrap"});
  flag_list other{"--id",   "1",    "--members", "1=" + to_text(where[0]),
                  "--data", data(1)};
  raftd_process refused{other, log_file(1)};
  BOOST_TEST(refused.wait(patience) == 1);
  BOOST_TEST(complains(last_words(1), "another process listens there already"));
}

BOOST_AUTO_TEST_CASE(localhost_is_all_that_people_take_it_for) {
  auto port = where[0].port;
  address name{"localhost", port};
  raftd_process x{{"--id", "1", "--members", "1=" + to_text(name), "--data",
                   data(0), "--bootstrap"},
                  log_file(0)};
  BOOST_REQUIRE(x.read_line(patience) == "listening on " + to_text(name));
  for (const auto& host : links::listen_hosts("localhost")) {
    client::blocking_client user{{{host, port}}};
    BOOST_TEST(eventually([&] { return user.states().at(0).error.empty(); }));
  }
}

BOOST_AUTO_TEST_SUITE_END()
