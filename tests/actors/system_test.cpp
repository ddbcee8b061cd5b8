// The configuration of an actor system, on both versions of CAF.

#include "support.hpp"
#include <raft/actors/caf/interface.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/messages/caf/type_ids.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>

#include <typeinfo>

namespace raft::test {

/// A message that a user of the library might have.
struct greeting {
  std::string text;
};

template <class Inspector>
auto inspect(Inspector& f, greeting& x) {
  return raft::detail::visit_values(f, x.text);
}

using greeter_actor
  = actors::actor_interface<actors::answers<greeting, greeting>>;

} // namespace raft::test

CAF_BEGIN_TYPE_ID_BLOCK(raft_test, raft::first_free_type_id)
  CAF_ADD_TYPE_ID(raft_test, (raft::test::greeting))
CAF_END_TYPE_ID_BLOCK(raft_test)

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

/// An option, under the name of either version of CAF.
template <class T>
T option(const system_config& config, const std::string& name) {
  auto in_0_17 = caf::get_or(config, name, T{});
  auto in_1_x = caf::get_or(config, "caf." + name, T{});
  return std::max(in_0_17, in_1_x);
}

} // namespace

BOOST_AUTO_TEST_SUITE(systems)

BOOST_AUTO_TEST_CASE(options_take_effect) {
  system_config config{true};
  caf::actor_system system{config};
  auto& scheduler = system.scheduler();
  std::string name = typeid(scheduler).name();
  BOOST_TEST(name.find("sharing") != std::string::npos);
  BOOST_TEST(system.has_middleman());
  using std::chrono::milliseconds;
  BOOST_TEST((option<caf::timespan>(config, "middleman.heartbeat-interval")
              == milliseconds{500}));
  BOOST_TEST((option<caf::timespan>(config, "middleman.connection-timeout")
              == milliseconds{3000}));
  // No option would be CAF's default, which is more than none.
  BOOST_TEST((caf::get_or(config, "middleman.workers", 99u) == 0u
              || caf::get_or(config, "caf.middleman.workers", 99u) == 0u));
}

BOOST_AUTO_TEST_CASE(without_remoting_there_is_no_middleman) {
  system_config config;
  caf::actor_system system{config};
  BOOST_TEST(!system.has_middleman());
}

BOOST_AUTO_TEST_CASE(users_have_messages_of_their_own) {
  system_config config;
  config.add_message_types<caf::id_block::raft_test>();
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  auto greeter = system.spawn(
    [](nothing) -> greeter_actor::behavior_type {
      return {[](const greeting& x) { return greeting{x.text + "!"}; }};
    },
    nothing{});
  std::string answer;
  ask(self, greeter, deadline, greeting{"hello"})
    .receive([&](const greeting& x) { answer = x.text; },
             [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  BOOST_TEST(answer == "hello!");
  BOOST_TEST(lets_in(config, "raft::test::greeting"));
}

BOOST_AUTO_TEST_SUITE_END()
