// Commands of many connections travel as one, and each gets its own replies.

#include <raft/kv/command.hpp>
#include <raft/redis/batcher.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace raft;
using namespace raft::redis;

namespace {

using texts = std::vector<std::string>;

struct batcher_fixture {
  batcher uut{{{{100, 100}, {100, 100}, {100, 1}, {100, 100}}}};
  batcher::time_point now;

  static batcher::client client(std::uint64_t id) {
    return {static_cast<std::int64_t>(id + 10), id};
  }

  void add(std::uint64_t id, const texts& commands, lane way = lane::writes) {
    batch what;
    what.way = way;
    for (const auto& x : commands) {
      what.commands.emplace_back(x);
      what.cost += x.size();
    }
    uut.add(client(id), std::move(what), now);
  }

  static texts strings(const std::vector<std::string_view>& xs) {
    return {xs.begin(), xs.end()};
  }

  /// What travels together.
  static texts load(const batcher::shared_command& x) {
    auto commands = kv::view_batch(x.command.view());
    BOOST_REQUIRE(commands);
    return strings(*commands);
  }

  static executed committed(const texts& replies) {
    executed result;
    result.result = outcome::committed;
    std::vector<bytes> all;
    for (const auto& x : replies)
      all.emplace_back(x);
    result.reply = kv::encode_batch(all);
    return result;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(batchers, batcher_fixture)

BOOST_AUTO_TEST_CASE(without_clients_nothing_is_sent) {
  BOOST_TEST(uut.take_ready().empty());
  BOOST_TEST(uut.finish(1, executed{}).empty());
}

BOOST_AUTO_TEST_CASE(each_gets_its_own_replies) {
  add(1, {"a", "b"});
  add(2, {"c"});
  auto left = uut.take_ready();
  BOOST_REQUIRE(left.size() == 1u);
  BOOST_TEST((load(left[0]) == texts{"a", "b", "c"}));
  BOOST_TEST(uut.take_ready().empty());
  auto there = uut.finish(left[0].number, committed({"A", "B", "C"}));
  BOOST_REQUIRE(there.size() == 2u);
  BOOST_TEST((there[0].who == batcher::client{11, 1}));
  BOOST_TEST((strings(*there[0].result.replies) == texts{"A", "B"}));
  BOOST_TEST((there[1].who == batcher::client{12, 2}));
  BOOST_TEST((strings(*there[1].result.replies) == texts{"C"}));
  BOOST_TEST(uut.finish(left[0].number, committed({"A"})).empty());
}

BOOST_AUTO_TEST_CASE(several_may_be_under_way) {
  add(1, {"a"});
  auto first = uut.take_ready();
  add(2, {"b"});
  auto second = uut.take_ready();
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_REQUIRE(second.size() == 1u);
  BOOST_TEST(first[0].number < second[0].number);
  auto b = uut.finish(second[0].number, committed({"B"}));
  auto a = uut.finish(first[0].number, committed({"A"}));
  BOOST_TEST(b.at(0).who.id == 2u);
  BOOST_TEST(a.at(0).who.id == 1u);
}

BOOST_AUTO_TEST_CASE(the_size_is_bounded_but_nobody_is_torn_apart) {
  add(1, {std::string(60, 'a')});
  add(2, {std::string(40, 'b')});
  add(3, {"c"});
  add(4, {std::string(70, 'd'), std::string(70, 'd')});
  add(5, {"e"});
  auto left = uut.take_ready();
  BOOST_REQUIRE(left.size() == 4u);
  BOOST_TEST(load(left[0]).size() == 2u);
  BOOST_TEST((load(left[1]) == texts{"c"}));
  BOOST_TEST(load(left[2]).size() == 2u);
  BOOST_TEST((load(left[3]) == texts{"e"}));
}

BOOST_AUTO_TEST_CASE(the_outcome_of_the_whole_is_the_outcome_of_each) {
  for (auto result : {outcome::unknown, outcome::rejected}) {
    add(1, {"a"});
    add(2, {"b"});
    executed how;
    how.result = result;
    how.reason = reject_reason::busy;
    auto there = uut.finish(uut.take_ready().at(0).number, how);
    BOOST_REQUIRE(there.size() == 2u);
    for (const auto& x : there) {
      BOOST_TEST((x.result.how == how));
      BOOST_TEST(!x.result.replies);
    }
  }
}

BOOST_AUTO_TEST_CASE(who_was_not_served_comes_first_the_next_time) {
  add(1, {"a"});
  add(2, {"b", "c"});
  add(3, {"d"});
  auto there = uut.finish(uut.take_ready().at(0).number, committed({"A", "B"}));
  BOOST_REQUIRE(there.size() == 3u);
  BOOST_TEST(there[0].who.id == 2u);
  BOOST_TEST((strings(*there[0].result.replies) == texts{"B"}));
  BOOST_TEST(there[1].who.id == 3u);
  BOOST_TEST(there[1].result.replies->empty());
  BOOST_TEST(there[2].who.id == 1u);
  BOOST_TEST((strings(*there[2].result.replies) == texts{"A"}));
}

BOOST_AUTO_TEST_CASE(what_only_erases_goes_apart_from_other_writes) {
  auto text
    = [](const kv::command& x) { return std::string{kv::encode(x).view()}; };
  auto erases = text(kv::erase{{"a"}});
  auto puts = text(kv::put{"a", "b"});
  auto reads = text(kv::count{});
  add(1, {puts});
  add(2, {erases, reads});
  add(3, {erases, puts});
  add(4, {erases});
  auto left = uut.take_ready();
  BOOST_REQUIRE(left.size() == 2u);
  BOOST_TEST((load(left[0]) == texts{puts, erases, puts}));
  BOOST_TEST((load(left[1]) == texts{erases, reads, erases}));
}

BOOST_AUTO_TEST_CASE(lanes_do_not_wait_for_each_other) {
  add(1, {"a"}, lane::large_reads);
  add(2, {"b"}, lane::large_reads);
  add(3, {std::string(100, 'c')}, lane::large_reads);
  add(4, {"d"}, lane::reads);
  add(5, {"e"});
  auto left = uut.take_ready();
  BOOST_REQUIRE(left.size() == 3u);
  BOOST_TEST((load(left[0]) == texts{"e"}));
  BOOST_TEST((load(left[1]) == texts{"d"}));
  BOOST_TEST((load(left[2]) == texts{"a", "b"}));
  // One of these at once, whatever goes on on the others.
  BOOST_TEST(uut.take_ready().empty());
  BOOST_TEST(uut.waiting_since().has_value());
  add(6, {"f"});
  BOOST_TEST(uut.take_ready().size() == 1u);
  uut.finish(left[1].number, committed({"D"}));
  BOOST_TEST(uut.take_ready().empty());
  uut.finish(left[2].number, committed({"A"}));
  auto next = uut.take_ready();
  BOOST_REQUIRE(next.size() == 1u);
  BOOST_TEST(load(next[0])[0].starts_with('c'));
  BOOST_TEST(!uut.waiting_since().has_value());
}

BOOST_AUTO_TEST_CASE(reads_of_those_who_left_are_dropped) {
  add(1, {"a"}, lane::large_reads);
  auto first = uut.take_ready();
  add(2, {"b"}, lane::large_reads);
  add(3, {"c"}, lane::large_reads);
  add(2, {"d"});
  uut.leave(client(1));
  uut.leave(client(2));
  // What writes goes on: it was sent.
  auto writes = uut.take_ready();
  BOOST_REQUIRE(writes.size() == 1u);
  BOOST_TEST((load(writes[0]) == texts{"d"}));
  // What is under way is not looked at when it comes back.
  BOOST_TEST(uut.finish(first[0].number, committed({"A"})).empty());
  auto next = uut.take_ready();
  BOOST_REQUIRE(next.size() == 1u);
  BOOST_TEST((load(next[0]) == texts{"c"}));
}

BOOST_AUTO_TEST_CASE(who_stays_is_told_although_another_left) {
  add(1, {"a", "b"});
  add(2, {"c"});
  auto left = uut.take_ready();
  uut.leave(client(1));
  auto there = uut.finish(left[0].number, committed({"A", "B", "C"}));
  BOOST_REQUIRE(there.size() == 1u);
  BOOST_TEST(there[0].who.id == 2u);
  BOOST_TEST((strings(*there[0].result.replies) == texts{"C"}));
}

BOOST_AUTO_TEST_CASE(what_waits_for_too_long_is_given_back) {
  add(1, {"a"}, lane::large_reads);
  BOOST_TEST(uut.take_ready().size() == 1u);
  add(2, {"b"}, lane::large_reads);
  now += std::chrono::seconds{2};
  add(3, {"c"}, lane::large_reads);
  BOOST_TEST(uut.expire(now - std::chrono::seconds{2}).empty());
  auto late = uut.expire(now - std::chrono::seconds{1});
  BOOST_REQUIRE(late.size() == 1u);
  BOOST_TEST(late[0].id == 2u);
  BOOST_TEST((uut.waiting_since() == now));
}

BOOST_AUTO_TEST_CASE(nonsense_is_nonsense_for_each) {
  auto broken = committed({"A"});
  broken.reply = bytes{"?"};
  for (const auto& result : {broken, committed({"A", "B", "C"})}) {
    add(1, {"a"});
    add(2, {"b"});
    auto there = uut.finish(uut.take_ready().at(0).number, result);
    BOOST_REQUIRE(there.size() == 2u);
    for (const auto& x : there) {
      BOOST_TEST((x.result.how.result == outcome::committed));
      BOOST_TEST(!x.result.replies);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
