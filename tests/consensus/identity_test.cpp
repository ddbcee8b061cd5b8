// Cluster ids, and peers that come back with another store.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// A message as from a store of this incarnation.
template <class Message>
Message from_store(Message x, std::uint64_t incarnation) {
  x.header.incarnation = {incarnation};
  return x;
}

void connect(lone_peer& x, std::uint64_t id, std::uint64_t incarnation) {
  x.input([&](core& c) { c.link_up(peer_id{id}, {incarnation}); });
}

/// An append request with one entry, of its own term, that names a cluster.
append_request naming(std::uint64_t term, log_position previous,
                      cluster_id id) {
  auto result = make_append(2, 1, term, previous, {term});
  result.entries[0].kind = entry_kind::empty;
  result.entries[0].data = to_bytes(id);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(identity_suite)

// -- cluster ids --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_first_leader_names_the_cluster_once_it_is_committed) {
  lone_peer x{1};
  x.elect();
  x.persist_all();
  auto id = cluster_in(x.disk.at(0));
  BOOST_TEST(id);
  BOOST_TEST(!x->cluster());
  x.receive(make_accept(2, 1, 1, 1));
  BOOST_TEST((x->cluster() == id));
  BOOST_TEST((x->state().cluster == id));
  // It comes to the disk with the next batch.
  x.start();
  BOOST_REQUIRE(x.batch.has_value());
  BOOST_TEST((x.batch->batch.cluster == id));
  x.persist_all();
  x.start();
  x.receive(make_accept(2, 1, 1, 2));
  x.start();
  x.persist_all();
  BOOST_TEST((x->cluster() == id));
}

BOOST_AUTO_TEST_CASE(a_leader_whose_log_has_a_name_writes_no_other) {
  lone_peer x{1};
  x.receive(naming(1, at(0, 0), {77}));
  x.persist_all();
  BOOST_TEST(!x->cluster());
  x.elect();
  x.persist_all();
  BOOST_TEST(!cluster_in(x.disk.at(1)));
  x.receive(make_accept(2, 1, x->term().value, 2));
  BOOST_TEST((x->cluster() == cluster_id{77}));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_replaced_never_counted) {
  lone_peer x{1};
  x.receive(naming(1, at(0, 0), {77}));
  x.persist_all();
  auto other = naming(2, at(0, 0), {78});
  other.commit = log_index{1};
  x.receive(other);
  BOOST_TEST((x->cluster() == cluster_id{78}));
}

BOOST_AUTO_TEST_CASE(a_name_is_known_again_after_a_restart) {
  auto entries = make_entries({1, 1, 2});
  entries[0].kind = entry_kind::empty;
  entries[0].data = to_bytes(cluster_id{77});
  auto state = make_state(voters(3), entries, {{2}, {}});
  state.proposed = {77};
  state.proposed_at = {1};
  identity self{group, {1}, {101}, 1};
  core forgot{self, {}, state, entries, log_index{}, instant{0}};
  BOOST_TEST(!forgot.cluster());
  core applied{self, {}, state, entries, log_index{1}, instant{0}};
  BOOST_TEST((applied.cluster() == cluster_id{77}));
  state.cluster = {77};
  core knows{self, {}, state, entries, log_index{}, instant{0}};
  BOOST_TEST((knows.cluster() == cluster_id{77}));
}

// A log that was written before clusters had names.
BOOST_AUTO_TEST_CASE(an_older_log_gets_its_name_from_its_next_leader) {
  lone_peer x{1, voters(3), {1, 1, 2}};
  x.elect();
  x.persist_all();
  BOOST_TEST(cluster_in(x.disk.at(3)));
  x.receive(make_accept(2, 1, 3, 4));
  BOOST_TEST((x->cluster() == cluster_in(x.disk.at(3))));
}

// -- other stores -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(progress_belongs_to_one_store) {
  auto x = make_leader();
  connect(x, 2, 21);
  x.start();
  x.persist_all();
  x.receive(from_store(make_accept(2, 1, 1, 2), 21));
  x.receive(make_accept(3, 1, 1, 2));
  BOOST_TEST(known(x, 2).match.value == 2u);
  connect(x, 2, 22);
  BOOST_TEST(known(x, 2).match.value == 0u);
  x.take<append_request>();
  // It is probed, and gets all from the beginning.
  x.receive(from_store(make_refusal(2, 1, 1, 2, at(1, 0)), 22));
  auto sent = x.take<append_request>(2);
  BOOST_REQUIRE(!sent.empty());
  BOOST_TEST(sent.back().previous == at(0, 0));
  x.receive(from_store(make_accept(2, 1, 1, 2), 22));
  BOOST_TEST(known(x, 2).match.value == 2u);
  // The first one is back: what the other took is not its own.
  connect(x, 2, 21);
  BOOST_TEST(known(x, 2).match.value == 0u);
}

BOOST_AUTO_TEST_CASE(a_link_that_comes_back_changes_nothing) {
  auto x = make_leader();
  connect(x, 2, 21);
  x.receive(from_store(make_accept(2, 1, 1, 1), 21));
  connect(x, 2, 21);
  BOOST_TEST(known(x, 2).match.value == 1u);
}

BOOST_AUTO_TEST_CASE(messages_of_another_store_are_dropped_with_a_note) {
  lone_peer x{1};
  connect(x, 2, 21);
  x.receive(from_store(make_append(2, 1, 1, at(0, 0), {1}), 22));
  BOOST_TEST(!x->leader());
  BOOST_TEST(x->term().value == 0u);
  BOOST_TEST(x.noted(note_kind::dropped_other_incarnation));
  x.receive(from_store(make_append(2, 1, 1, at(0, 0), {1}), 21));
  BOOST_TEST(x->leader().value == 2u);
}

BOOST_AUTO_TEST_CASE(a_vote_goes_with_the_store_that_gave_it) {
  lone_peer x{1, voters(5)};
  x.wake();
  connect(x, 2, 21);
  x.receive(from_store(make_vote(2, 1, 0, 1, true, true), 21));
  connect(x, 2, 22);
  x.receive(make_vote(3, 1, 0, 1, true, true));
  BOOST_TEST((x->role() == peer_role::pre_candidate));
  x.receive(from_store(make_vote(2, 1, 0, 1, true, true), 22));
  BOOST_TEST((x->role() == peer_role::candidate));
}

BOOST_AUTO_TEST_SUITE_END()
