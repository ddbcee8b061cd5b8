// The words of the lab, on an environment where everything is made up.

#include <raft/scenarios/test_context.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace raft;
using namespace raft::scenarios;
using namespace std::chrono_literals;

namespace {

/// Time passes at once, and peers say what the test wants.
class made_up_environment : public environment {
public:
  made_up_environment() : environment{3}, states(3), up(3, true) {
    // nop
  }

  std::string objection_to(ability) const override {
    return {};
  }

  instant now() const override {
    return now_;
  }

  std::vector<started> start(peer_number who,
                             const std::vector<bytes>& commands) override {
    std::vector<started> result(commands.size());
    for (auto& x : result) {
      x.leads = states.at(who).role == peer_role::leader;
      if (x.leads) {
        x.index = ++last;
        asked.push_back(who);
      }
    }
    return result;
  }

  peer_state state(peer_number who) override {
    return states.at(who);
  }

  told query(peer_number who, const bytes&) override {
    return {record().last_of(who), {}};
  }

  void cut(peer_number from, peer_number to, bool closed) override {
    if (closed)
      cuts.insert({from, to});
    else
      cuts.erase({from, to});
  }

  void crash(peer_number who) override {
    up.at(who) = false;
  }

  void restart(peer_number who) override {
    up.at(who) = true;
  }

  bool runs(peer_number who) const override {
    return up.at(who);
  }

  void pause(peer_number, bool) override {
    // nop
  }

  void set_network_profile(const network_profile&) override {
    // nop
  }

  traffic sent() const override {
    return {};
  }

  std::uint64_t received(peer_number) const override {
    return 0;
  }

  client_number open_client() override {
    return 0;
  }

  void set_reach(client_number, const std::vector<peer_number>&) override {
    // nop
  }

  void execute(client_number, bytes,
               std::function<void(const executed&)>) override {
    // nop
  }

  void lead(peer_number who, std::uint64_t term) {
    states.at(who).role = peer_role::leader;
    states.at(who).term = term_number{term};
  }

  /// All peers deliver this command next.
  void commit(const std::string& command, std::size_t peers = 3) {
    entry x;
    x.index = record().last().next();
    x.term = term_number{1};
    x.kind = entry_kind::command;
    x.data = bytes{command};
    for (peer_number i = 0; i < peers; ++i)
      own_record().delivered(i, x);
  }

  std::vector<peer_state> states;
  std::vector<bool> up;
  std::set<std::pair<peer_number, peer_number>> cuts;
  std::vector<peer_number> asked;
  log_index last;

protected:
  void pass(instant until) override {
    now_ = until;
  }

  void collect() override {
    // nop
  }

private:
  instant now_{0};
};

struct test_context_fixture {
  made_up_environment where;
  test_context x{where, 1};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(test_context_suite, test_context_fixture)

BOOST_AUTO_TEST_CASE(finds_the_leader_of_the_highest_term) {
  where.lead(0, 1);
  where.lead(2, 2);
  BOOST_TEST(x.check_one_leader() == 2u);
  x.disconnect(2);
  BOOST_TEST(x.check_one_leader() == 0u);
}

BOOST_AUTO_TEST_CASE(two_leaders_in_one_term_fail) {
  where.lead(0, 1);
  where.lead(2, 1);
  BOOST_CHECK_THROW(x.check_one_leader(), scenario_failure);
}

BOOST_AUTO_TEST_CASE(no_leader_fails_after_five_seconds) {
  BOOST_CHECK_THROW(x.check_one_leader(), scenario_failure);
  BOOST_TEST((where.now() >= 4500ms));
  BOOST_TEST((where.now() <= 5500ms));
}

BOOST_AUTO_TEST_CASE(terms_must_be_the_same) {
  x.check_terms();
  where.states[1].term = term_number{3};
  BOOST_CHECK_THROW(x.check_terms(), scenario_failure);
  x.disconnect(1);
  x.check_terms();
}

BOOST_AUTO_TEST_CASE(connections_go_both_ways_and_to_the_connected) {
  x.disconnect(0);
  BOOST_TEST(where.cuts.size() == 4u);
  x.disconnect(1);
  BOOST_TEST(where.cuts.size() == 6u);
  x.connect(0);
  BOOST_TEST(where.cuts.size() == 4u);
  BOOST_TEST(where.cuts.count({0, 2}) == 0u);
  x.partition({0, 0, 1});
  BOOST_TEST(where.cuts.count({0, 2}) == 1u);
}

BOOST_AUTO_TEST_CASE(a_restarted_peer_is_not_connected) {
  x.restart(1);
  BOOST_TEST(where.runs(1));
  BOOST_TEST(!x.connected(1));
}

BOOST_AUTO_TEST_CASE(an_agreement_asks_those_who_can_answer) {
  where.lead(0, 1);
  where.lead(1, 1);
  where.lead(2, 1);
  x.disconnect(1);
  where.after(10ms, [this] { where.commit("5"); });
  BOOST_TEST((x.one(5, 3, false) == log_index{1}));
  BOOST_TEST(where.asked == std::vector<peer_number>{2},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_agreement_needs_the_right_command) {
  where.lead(0, 1);
  where.after(10ms, [this] { where.commit("6"); });
  BOOST_CHECK_THROW(x.one(5, 3, false), scenario_failure);
  BOOST_TEST((where.now() >= 2s));
  BOOST_TEST((where.now() < 2100ms));
}

BOOST_AUTO_TEST_CASE(an_agreement_needs_enough_peers) {
  where.lead(0, 1);
  where.after(10ms, [this] { where.commit("5", 2); });
  BOOST_CHECK_THROW(x.one(5, 3, true), scenario_failure);
  BOOST_TEST((where.now() >= 10s));
  BOOST_TEST((where.now() <= 12s));
  BOOST_TEST(where.asked.size() == 5u);
}

BOOST_AUTO_TEST_CASE(an_agreement_needs_a_leader_within_ten_seconds) {
  BOOST_CHECK_THROW(x.one(5, 3, true), scenario_failure);
  BOOST_TEST((where.now() >= 10s));
  BOOST_TEST((where.now() < 11s));
}

BOOST_AUTO_TEST_CASE(agreements_go_on_beside_each_other) {
  where.lead(0, 1);
  auto other = x.begin_one(bytes{"4"}, 3, true);
  where.after(10ms, [this] {
    where.commit("4");
    where.commit("5");
  });
  BOOST_TEST((x.one(5, 3, true) == log_index{2}));
  x.sleep(20ms);
  BOOST_TEST((other->result() == log_index{1}));
}

BOOST_AUTO_TEST_CASE(waiting_ends_with_the_term) {
  where.after(1s, [this] { where.states[0].term = term_number{2}; });
  BOOST_TEST(!x.wait(log_index{1}, 1, term_number{1}));
  BOOST_CHECK_THROW(x.wait(log_index{1}, 1), scenario_failure);
  BOOST_TEST((where.now() > 30s));
}

BOOST_AUTO_TEST_CASE(stages_are_reported) {
  x.begin_stage("first");
  x.sleep(2s);
  x.begin_stage("second");
  where.commit("5");
  auto reports = x.end();
  BOOST_REQUIRE(reports.size() == 2u);
  BOOST_TEST((reports[0].length == 2s));
  BOOST_TEST(reports[0].committed == 0u);
  BOOST_TEST(reports[1].committed == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
