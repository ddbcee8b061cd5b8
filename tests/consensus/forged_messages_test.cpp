// Messages of another peer with numbers in them that it can never have meant.
// Each field of each kind of message takes extreme values, in peers of all
// roles: nothing aborts, the invariants hold, and what is refused is said.

#include "snapshots.hpp"
#include <raft/base/random.hpp>
#include <raft/consensus/soundness.hpp>
#include <raft/messages/fields.hpp>

#include <array>
#include <limits>
#include <type_traits>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

constexpr std::array<std::uint64_t, 16> extremes{
  0,
  1,
  2,
  3,
  4,
  7,
  term_step_max + 3,
  std::uint64_t{1} << 32,
  term_max.value - 1,
  term_max.value,
  term_max.value + 1,
  most / 2,
  most / 2 + 1,
  most - 2,
  most - 1,
  most,
};

/// Calls `f` with a function that sets it, for each number in a message.
template <class T, class F>
void each_number(T& x, F&& f) {
  if constexpr (std::is_enum_v<T>) {
    f([&x](std::uint64_t y) {
      x = static_cast<T>(static_cast<std::underlying_type_t<T>>(y));
    });
  } else if constexpr (std::is_arithmetic_v<T>) {
    f([&x](std::uint64_t y) { x = static_cast<T>(y); });
  } else if constexpr (
    std::is_same_v<
      T,
      std::vector<entry>> || std::is_same_v<T, std::vector<member_details>>) {
    for (auto& y : x)
      each_number(y, f);
  } else if constexpr (requires { typename T::tag_type; }) {
    each_number(x.value, f);
  } else if constexpr (
    !std::is_same_v<
      T,
      bytes> && !std::is_same_v<T, std::vector<peer_id>> && !std::is_same_v<T, std::string>) {
    std::apply([&f](auto&... ys) { (each_number(ys, f), ...); }, tie_fields(x));
  }
}

template <class T>
std::size_t count_numbers(T x) {
  std::size_t result = 0;
  each_number(x, [&result](auto&&) { ++result; });
  return result;
}

template <class T>
void set_number(T& x, std::size_t which, std::uint64_t value) {
  std::size_t i = 0;
  each_number(x, [&](auto&& set) {
    if (i++ == which)
      set(value);
  });
}

/// All that another peer can say.
using any_message
  = std::variant<vote_request, vote_reply, append_request, append_reply,
                 read_index_request, read_index_reply, timeout_now,
                 install_request, install_reply>;

void receive(lone_peer& x, const any_message& msg) {
  std::visit([&x](const auto& y) { x.input([&](core& c) { c.receive(y); }); },
             msg);
}

/// From peer 2 to peer 1, which has entries up to 7 at most.
install_request make_chunk_for_1(std::uint64_t index, std::uint64_t size,
                                 std::uint64_t offset, std::size_t length) {
  auto result = make_chunk(make_head(index, 3, size), 1, offset, length, 3, 2);
  result.header.to = peer_id{1};
  return result;
}

install_reply make_install_reply() {
  install_reply result;
  result.header = header(2, 1);
  result.term = term_number{3};
  result.snapshot = at(4, 3);
  result.checksum = make_head(4, 3).checksum;
  result.number = frame_number{1};
  result.received = 10;
  result.stored = 5;
  return result;
}

lone_peer gets_snapshot() {
  lone_peer x{1, voters(3), {1, 1, 2}};
  receive(x, make_chunk_for_1(9, 25, 0, 10));
  return x;
}

lone_peer installs_snapshot() {
  lone_peer x{1, voters(3), {1, 1, 2}};
  receive(x, make_chunk_for_1(9, 7, 0, 7));
  store_all(x);
  x.persist_all();
  BOOST_REQUIRE(x.install);
  return x;
}

/// To peer 2, which lacks what was dropped.
lone_peer sends_snapshot() {
  lone_peer x{1, voters(3), {1, 1, 2}, {}, with_snapshots()};
  x.elect();
  x.persist_all();
  disconnect(x, 2);
  x.receive(make_accept(3, 1, 3, 4));
  x.read_and_apply();
  x.input([](core& c) { c.applied(log_index{4}, log_index{4}); });
  x.persist_all();
  x.input([](core& c) { c.snapshot_taken(make_head(4, 3)); });
  connect(x, 2);
  x.receive(make_refusal(2, 1, 3, 4, at(1, 0)));
  BOOST_REQUIRE_EQUAL(x.chunks_to_send.size(), 1u);
  return x;
}

/// Peer 1 of three, in each role, with work under way: entries that are
/// committed, others that are not, some that the disk has not yet taken.
std::vector<std::function<lone_peer()>> scenes() {
  const auto follower = [] {
    lone_peer x{1, voters(3), {1, 1, 2}};
    x.receive(make_append(2, 1, 3, at(3, 2), {3, 3, 3}, 4));
    x.persist_all();
    x.receive(make_append(2, 1, 3, at(6, 3), {3}, 5));
    return x;
  };
  const auto candidate = [] {
    lone_peer x{1, voters(3), {1, 1, 2}};
    x.wake();
    x.answer_votes();
    return x;
  };
  const auto leader = [] {
    lone_peer x{1, voters(3), {1, 1, 2}};
    x.elect();
    x.persist_all();
    x.receive(make_accept(2, 1, 3, 4));
    x.start();
    x.start();
    return x;
  };
  return {
    [] { return lone_peer{1}; },
    follower,
    gets_snapshot,
    installs_snapshot,
    sends_snapshot,
    [] {
      lone_peer x{1, voters(3), {1, 1, 2}};
      x.wake();
      return x;
    },
    candidate,
    [candidate] {
      auto x = candidate();
      x.persist_all();
      return x;
    },
    leader,
    [leader] {
      auto x = leader();
      x.receive(make_accept(3, 1, 3, 5));
      x.persist_all();
      return x;
    },
  };
}

/// Messages of peer 2 that are at home in those scenes.
std::vector<any_message> samples() {
  return {
    make_vote_request(2, 1, 4, at(6, 3)),
    make_vote_request(2, 1, 4, at(6, 3), true),
    make_vote(2, 1, 3, 3, true),
    make_vote(2, 1, 2, 3, true, true),
    make_vote(2, 1, 3, 3, false),
    make_append(2, 1, 3, at(3, 2), {3, 3, 3}, 4),
    make_append(2, 1, 3, at(5, 3), {3, 3}, 5),
    make_append(2, 1, 4, at(2, 1), {2, 3, 4}, 5),
    make_append(2, 1, 3, at(4, 3), {}, 4),
    make_accept(2, 1, 3, 5),
    make_refusal(2, 1, 3, 3, at(2, 1)),
    make_refusal(2, 1, 3, 3, at(1, 0)),
    make_chunk_for_1(9, 25, 10, 10),
    make_chunk_for_1(9, 7, 0, 7), // all of it
    make_chunk_for_1(4, 7, 0, 7),
    make_install_reply(),
  };
}

/// This disk has all entries from the first one on, also those that a snapshot
/// stands for; of a forged snapshot, these may be too many.
bool can_persist_all(lone_peer& x) {
  for (; x.batch; x.persist())
    if (x.batch->batch.install.last.index.value > 100)
      return false;
  return true;
}

/// What a peer goes on to do: its disk completes, it applies, time passes, and
/// it can still be led and elected.
void go_on(lone_peer& x) {
  store_all(x);
  if (!can_persist_all(x))
    return;
  if (const auto head = std::exchange(x.install, std::nullopt))
    x.input([&](core& c) { c.installed(*head); });
  x.persist_all();
  x.read_and_apply();
  x.wake();
  x.persist_all();
  const auto term = x->term();
  x.receive(make_append(3, 1, term.value + 1, x->log().last(), {}, 0));
  BOOST_REQUIRE_EQUAL(x->term().value, term.value + 1);
  BOOST_REQUIRE_EQUAL(x->leader().value, 3u);
  x.persist_all();
  x.elect();
}

void check(lone_peer& x, const any_message& msg) {
  const auto term = x->term();
  const auto refused = x->refused_messages();
  x.distrusted.clear();
  receive(x, msg);
  BOOST_REQUIRE_LE(x->term().value, term.value + term_step_max);
  BOOST_REQUIRE_LE(x.distrusted.size(), x->refused_messages() - refused);
}

} // namespace

BOOST_AUTO_TEST_SUITE(forged_messages)

BOOST_AUTO_TEST_CASE(every_field_takes_extreme_values_in_every_role) {
  std::size_t cases = 0;
  for (const auto& scene : scenes()) {
    for (const auto& sample : samples()) {
      std::visit(
        [&](const auto& valid) {
          for (std::size_t i = 0; i < count_numbers(valid); ++i) {
            for (const auto value : extremes) {
              auto forged = valid;
              set_number(forged, i, value);
              auto x = scene();
              check(x, forged);
              go_on(x);
              ++cases;
            }
          }
        },
        sample);
    }
  }
  BOOST_TEST(cases > 10'000u);
}

BOOST_AUTO_TEST_CASE(so_do_several_fields_of_several_messages_at_once) {
  base::random chance{7};
  const auto below = [&chance](std::size_t end) {
    return static_cast<std::size_t>(
      chance.between(0, static_cast<std::int64_t>(end) - 1));
  };
  const auto all = scenes();
  const auto valid = samples();
  for (int round = 0; round < 3'000; ++round) {
    auto x = all[below(all.size())]();
    for (int i = 0; i < 12; ++i) {
      auto msg = valid[below(valid.size())];
      std::visit(
        [&](auto& forged) {
          const auto fields = count_numbers(forged);
          for (auto changes = below(4); changes > 0; --changes)
            set_number(forged, below(fields), extremes[below(extremes.size())]);
        },
        msg);
      check(x, msg);
      if (x.batch && below(2) == 0)
        x.persist();
      if (below(8) == 0)
        x.wake();
    }
    go_on(x);
  }
}

BOOST_AUTO_TEST_CASE(entries_that_contradict_committed_ones_are_refused) {
  lone_peer x{1, voters(3), {1, 1, 1}};
  x.receive(make_append(2, 1, 2, at(3, 1), {2}, 3));
  x.persist_all();
  BOOST_REQUIRE_EQUAL(x->commit().value, 3u);
  x.take<append_reply>();
  for (const auto& msg : {make_append(3, 1, 5, at(1, 1), {5, 5}, 3),
                          make_append(3, 1, 5, at(3, 4), {5}, 4),
                          make_append(3, 1, 5, at(2, 2), {}, 2)}) {
    x.notes.clear();
    x.distrusted.clear();
    x.receive(msg);
    BOOST_TEST(x->log().last() == at(4, 2));
    BOOST_TEST(x->commit().value == 3u);
    BOOST_TEST(x->leader().value == 0u);
    BOOST_TEST(x.take<append_reply>().empty());
    BOOST_TEST(x.noted(note_kind::refused_contradiction));
    BOOST_REQUIRE_EQUAL(x.distrusted.size(), 1u);
    BOOST_TEST(x.distrusted.front().peer.value == 3u);
  }
  BOOST_TEST(x->refused_messages() == 3u);
  // The entry that is not committed may still be replaced.
  x.receive(make_append(3, 1, 5, at(3, 1), {5}, 3));
  BOOST_TEST(x->log().last() == at(4, 5));
}

BOOST_AUTO_TEST_CASE(no_message_uses_up_the_terms_that_there_are) {
  const auto far = term_max.value;
  const std::array<message, 4> all{
    make_vote_request(2, 1, far, at(9, 9)), make_vote(2, 1, far, 1, false),
    make_append(2, 1, far, at(0, 0)), make_refusal(2, 1, far, 0, at(1, 0))};
  for (const auto& msg : all) {
    lone_peer x{1};
    x.receive(msg);
    BOOST_TEST(x->term().value == term_step_max);
    BOOST_TEST(x->vote().value == 0u);
    BOOST_TEST(x->leader().value == 0u);
    BOOST_TEST(x.noted(note_kind::term_far_ahead));
    BOOST_TEST(x.distrusted.empty());
    x.persist_all();
    BOOST_TEST(x.messages.empty());
    x.elect();
  }
}

BOOST_AUTO_TEST_CASE(who_is_far_behind_gets_there_in_steps) {
  constexpr auto far = 10 * term_step_max + 5;
  lone_peer x{1};
  for (int i = 0; i < 10; ++i) {
    x.receive(make_append(2, 1, far, at(0, 0), {1}));
    BOOST_TEST(x->leader().value == 0u);
    BOOST_TEST(x->log().last() == at(0, 0));
  }
  x.receive(make_append(2, 1, far, at(0, 0), {1}));
  BOOST_TEST(x->term().value == far);
  BOOST_TEST(x->leader().value == 2u);
  BOOST_TEST(x->log().last() == at(1, 1));
}

BOOST_AUTO_TEST_CASE(terms_that_no_election_leads_to_are_refused) {
  for (const auto term : {term_max.value + 1, most}) {
    const std::array<message, 4> all{
      make_vote_request(2, 1, term, at(9, 9)), make_vote(2, 1, term, 1, false),
      make_append(2, 1, term, at(0, 0)), make_refusal(2, 1, term, 0, at(1, 0))};
    for (const auto& msg : all) {
      lone_peer x{1};
      x.receive(msg);
      BOOST_TEST(x->term().value == 0u);
      BOOST_TEST(x.messages.empty());
      BOOST_TEST(x.noted(note_kind::refused_malformed));
      BOOST_TEST(x.distrusted.size() == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(nobody_campaigns_past_the_last_term) {
  lone_peer x{1, voters(1), {}, hard_state{{term_max.value - 1}, {}}};
  x.wake();
  x.persist_all();
  BOOST_TEST(x->term().value == term_max.value);
  x.receive(make_append(2, 1, most, at(0, 0)));
  BOOST_TEST(x->term().value == term_max.value);
}

BOOST_AUTO_TEST_CASE(a_store_with_such_numbers_is_refused) {
  durable_state x;
  BOOST_TEST(complaint_about(x, {}).empty());
  x.hard.term = term_number{most};
  BOOST_TEST(complaint_about(x, {}).find("term 18446744073709551615")
             != std::string::npos);
  x.hard.term = term_number{7};
  x.last = at(most, 7);
  BOOST_TEST(complaint_about(x, log_index{most}).find("entry 184467")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_second_leader_of_a_term_is_refused) {
  auto x = make_leader();
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  BOOST_TEST(x->leads());
  BOOST_TEST(x.distrusted.size() == 1u);
  lone_peer y{1};
  y.receive(make_append(2, 1, 1, at(0, 0), {1}));
  y.receive(make_append(3, 1, 1, at(0, 0), {1, 1}));
  BOOST_TEST(y->leader().value == 2u);
  BOOST_TEST(y->log().last() == at(1, 1));
  BOOST_TEST(y.noted(note_kind::refused_second_leader));
}

BOOST_AUTO_TEST_CASE(answers_to_what_nobody_asked_are_refused) {
  for (const auto& msg :
       {make_accept(2, 1, 1, 2), make_accept(2, 1, 1, 0, 99)}) {
    auto x = make_leader();
    x.receive(msg);
    BOOST_TEST(x.noted(note_kind::refused_answer));
    BOOST_TEST(x.distrusted.size() == 1u);
  }
  // A refusal may answer a late request of an older term.
  auto x = make_leader();
  x.receive(make_refusal(2, 1, 1, 77, at(1, 1)));
  BOOST_TEST(x.distrusted.empty());
}

BOOST_AUTO_TEST_CASE(entries_of_unknown_kinds_never_reach_the_disk) {
  lone_peer x{1};
  auto msg = make_append(2, 1, 1, at(0, 0), {1});
  msg.entries[0].kind = static_cast<entry_kind>(77);
  x.receive(msg);
  BOOST_TEST(!x.batch);
  // Room for empty entries is kept on a full disk, so they have to be.
  msg.entries[0].kind = entry_kind::empty;
  x.receive(msg);
  BOOST_TEST(!x.batch);
  BOOST_TEST(x.distrusted.size() == 2u);
}

BOOST_AUTO_TEST_CASE(strangers_are_ignored_and_counted) {
  lone_peer x{1};
  for (const auto& msg :
       {make_append(2, 3, 7, at(0, 0)), make_append(1, 1, 7, at(0, 0)),
        make_append(0, 1, 7, at(0, 0))})
    x.receive(msg);
  // It was not asked.
  x.receive(make_refusal(9, 1, 7, 0, at(0, 0)));
  BOOST_TEST(x->term().value == 0u);
  BOOST_TEST(x->refused_messages() == 4u);
  BOOST_TEST(x.noted(note_kind::ignored_stranger));
  BOOST_TEST(x.distrusted.empty());
}

BOOST_AUTO_TEST_SUITE_END()
