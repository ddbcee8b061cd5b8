// Every message crosses the wire with all of its fields.

#include <raft/actors/caf/system.hpp>
#include <raft/messages/caf/codec.hpp>
#include <raft/tests/support/fill.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>
#include <utility>

using namespace raft;
using namespace raft::test;

namespace raft {

/// A message of two versions.
struct first_version {
  std::uint64_t a = 0;
  std::string b;

  friend bool operator==(const first_version&, const first_version&) = default;
};

struct later_version {
  std::uint64_t a = 0;
  std::string b;
  std::uint64_t c = 7;
  std::string d = "as before";

  friend bool operator==(const later_version&, const later_version&) = default;
};

template <>
inline constexpr std::size_t fields_at_first<later_version> = 2;

} // namespace raft

namespace {

using all_messages = caf::id_block::raft_messages;

/// Calls `f.operator()<T>()` for each type that is announced to CAF.
template <class F, std::size_t... Is>
void for_each_message(F f, std::index_sequence<Is...>) {
  (f.template
   operator()<typename caf::type_by_id<all_messages::begin + Is>::type>(),
   ...);
}

template <class F>
void for_each_message(F f) {
  constexpr auto count = all_messages::end - all_messages::begin;
  for_each_message(f, std::make_index_sequence<count>{});
}

struct with_system {
  actors::system_config config;
  caf::actor_system system{config};
};

/// Whether CAF calls the type what we call it.
template <class T>
std::string name_of() {
  return std::string{caf::type_name<T>::value};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(codec, with_system)

BOOST_AUTO_TEST_CASE(every_message_keeps_every_field) {
  std::size_t types = 0;
  for_each_message([&]<class T>() {
    ++types;
    BOOST_TEST_CONTEXT(name_of<T>()) {
      BOOST_TEST(all_set(filled<T>()));
      for_each_filled<T>([&](const T& x) {
        T y;
        BOOST_TEST(from_wire(system, to_wire(system, x), y));
        BOOST_TEST((x == y));
      });
    }
  });
  // A new message belongs at the end of the block; this number grows with it.
  BOOST_TEST(types == 94u);
}

// The same within a message, which is how CAF hands values to actors.
BOOST_AUTO_TEST_CASE(every_message_survives_in_an_envelope) {
  for_each_message([&]<class T>() {
    BOOST_TEST_CONTEXT(name_of<T>()) {
      auto x = filled<T>();
      caf::message received;
      BOOST_TEST(
        from_wire(system, to_wire(system, caf::make_message(x)), received));
      BOOST_REQUIRE((received.match_elements<T>()));
      BOOST_TEST((received.get_as<T>(0) == x));
    }
  });
}

BOOST_AUTO_TEST_CASE(a_message_cut_short_is_refused) {
  for_each_message([&]<class T>() {
    BOOST_TEST_CONTEXT(name_of<T>()) {
      auto data = to_wire(system, filled<T>());
      std::size_t whole = 0;
      for (std::size_t size = 0; size < data.size(); ++size) {
        T y;
        whole += from_wire(system, data.substr(0, size), y);
      }
      // Those of older versions are.
      BOOST_TEST(whole == field_count<T> - fields_at_first<T>);
    }
  });
}

BOOST_AUTO_TEST_CASE(what_an_older_version_does_not_send_has_its_usual_value) {
  first_version sent{3, "x"};
  later_version received{1, "y", 2, "z"};
  received = {};
  BOOST_TEST(from_wire(system, to_wire(system, sent), received));
  BOOST_TEST((received == later_version{3, "x", 7, "as before"}));
}

BOOST_AUTO_TEST_CASE(a_tail_is_read_as_far_as_it_comes) {
  auto data = to_wire(system, later_version{3, "x", 4, "new"});
  later_version received;
  BOOST_TEST(from_wire(system, data, received));
  BOOST_TEST((received == later_version{3, "x", 4, "new"}));
  auto without_last = data.substr(0, data.size() - sizeof("new"));
  BOOST_TEST(from_wire(system, without_last, received = {}));
  BOOST_TEST((received == later_version{3, "x", 4, "as before"}));
  auto torn = data.substr(0, data.size() - 1);
  BOOST_TEST(!from_wire(system, torn, received = {}));
}

BOOST_AUTO_TEST_CASE(an_older_version_skips_the_tail) {
  auto data = to_wire(system, later_version{3, "x", 4, "new"});
  auto base = to_wire(system, first_version{3, "x"});
  BOOST_TEST(data.starts_with(base));
  first_version received;
  // Something is left.
  BOOST_TEST(!from_wire(system, data, received));
  BOOST_TEST((received == first_version{3, "x"}));
}

BOOST_AUTO_TEST_CASE(a_handle_travels_with_its_message) {
  auto inbox = system.spawn(
    [](actors::nothing) -> actors::inbox_actor::behavior_type {
      return {
        [](const vote_request&) {},       [](const vote_reply&) {},
        [](const append_request&) {},     [](const append_reply&) {},
        [](const read_index_request&) {}, [](const read_index_reply&) {},
        [](const timeout_now&) {},        [](const install_request&) {},
        [](const install_reply&) {},
      };
    },
    actors::nothing{});
  auto x = filled<link_up>();
  caf::message received;
  BOOST_TEST(
    from_wire(system, to_wire(system, caf::make_message(x, inbox)), received));
  BOOST_REQUIRE((received.match_elements<link_up, actors::inbox_actor>()));
  BOOST_TEST((received.get_as<link_up>(0) == x));
  BOOST_TEST((received.get_as<actors::inbox_actor>(1) == inbox));
  // The system remembers handles that it has shown to others.
  caf::anon_send_exit(inbox, caf::exit_reason::user_shutdown);
}

BOOST_AUTO_TEST_SUITE_END()
