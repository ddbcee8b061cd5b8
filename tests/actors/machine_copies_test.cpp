// State machines that are actors and can be copied: what that does for their
// peers.

#include "cluster.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

/// Keeps all commands in a row, in memory, and gives its state in small pieces.
struct row {
  /// What it calls its state.
  std::string format;
  std::string text;
  std::string aside;
  log_index applied_aside;

  commands_applied run(const apply_commands& what) {
    commands_applied result;
    for (const auto& x : what.commands) {
      text += std::string{x.data.view()} + " ";
      result.replies.emplace_back(text);
    }
    return result;
  }

  state_copied copy(const copy_state& what) {
    aside = text;
    applied_aside = what.applied;
    return {what.applied};
  }

  caf::result<state_piece> read(const read_state& what) const {
    if (what.applied != applied_aside || what.offset > aside.size())
      return failure("this is not there");
    return state_piece{bytes{aside.substr(what.offset, 7)}};
  }

  caf::result<state_taken> take(const take_state& what) {
    if (what.offset != text.size())
      return failure("a piece is missing");
    text += what.data.view();
    return state_taken{text.size()};
  }
};

actors::machine_actor spawn_row(caf::actor_system& system,
                                const std::string& format) {
  auto body
    = [](copied_machine_actor::pointer self,
         const std::string& called) -> copied_machine_actor::behavior_type {
    auto state = std::make_shared<row>(row{called, {}, {}, {}});
    return {
      [state](const recover&) {
        return recovered{false, {}, {}, state->format};
      },
      [state](const apply_commands& x) { return state->run(x); },
      [state](const query&) {
        return queried{{}, bytes{state->text}};
      },
      [](const checkpoint_state&) -> caf::result<checkpointed_up_to> {
        return failure("it keeps nothing");
      },
      [self](const stop& x) {
        self->quit();
        return stopped{x.group};
      },
      [state](const copy_state& x) { return state->copy(x); },
      [state](const read_state& x) { return state->read(x); },
      [state](const take_state& x) { return state->take(x); },
    };
  };
  return system.spawn(body, format);
}

/// Three peers with such machines, and short logs.
struct rows : cluster {
  rows() : cluster{{"in memory", false, false}} {
    snapshots = true;
    settings.snapshot_log_entries = 40;
    settings.compaction_bytes_min = 1;
    settings.log_bytes_kept = 0;
    settings.lagging_bytes_max = 1000;
    machine_actor = [this](const machine::machine_context&) {
      return spawn_row(system, format);
    };
  }

  /// The first command of a session, however often it is sent.
  static raft::execute execute_once(std::uint64_t session) {
    return {{1}, {{session}, 1, 0}, bytes{"once"}};
  }

  /// Has more commands committed than a log holds.
  void write_much() {
    for (int i = 0; i < 200; ++i) {
      auto command = "command" + std::to_string(all.size());
      commit(command);
      all += command + " ";
    }
  }

  std::string format = "row 1";
  /// What all must hold.
  std::string all;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(machine_copies, rows)

BOOST_AUTO_TEST_CASE(the_log_ends_and_a_restart_goes_on_from_the_copy) {
  spawn_all();
  write_much();
  const auto session
    = ask<executed>(await_leader(), open_session{{1}}).index.value;
  const auto once = execute_once(session);
  BOOST_TEST(
    (ask<executed>(await_leader(), once).result == outcome::committed));
  all += "once ";
  write_much();
  for (std::uint64_t id = 1; id <= 3; ++id)
    BOOST_TEST(eventually([&] { return state(id).first.value > 250; }));
  stop_all();
  for (std::uint64_t id = 1; id <= 3; ++id)
    spawn(id);
  connect();
  BOOST_TEST(all_hold(all));
  // Sessions have gone on, too.
  BOOST_TEST(
    (ask<executed>(await_leader(), once).result == outcome::committed));
  commit("more");
  BOOST_TEST(all_hold(all + "more "));
}

BOOST_AUTO_TEST_CASE(who_was_away_gets_a_copy) {
  spawn_all();
  commit("first");
  all = "first ";
  const auto away = await_leader() % 3 + 1;
  stop(away);
  write_much();
  const auto leader = await_leader();
  BOOST_TEST(eventually([&] { return state(leader).first.value > 100; }));
  spawn(away);
  connect();
  BOOST_TEST(all_hold(all));
  BOOST_TEST(state(away).first.value > 100u);
  commit("more");
  BOOST_TEST(all_hold(all + "more "));
}

// Then another machine takes the place of the one that runs.
BOOST_AUTO_TEST_CASE(who_was_cut_off_gets_a_copy) {
  const auto leader = spawn_calm();
  const auto away = leader % 3 + 1;
  commit("first");
  all = "first ";
  BOOST_TEST(all_hold(all));
  isolate(away);
  for (int i = 0; i < 200; ++i) {
    const auto command = "command" + std::to_string(i);
    BOOST_REQUIRE((execute(leader, command).result == outcome::committed));
    all += command + " ";
  }
  BOOST_TEST(eventually([&] { return state(leader).first.value > 100; }));
  connect();
  BOOST_TEST(all_hold(all));
  BOOST_TEST(state(away).first.value > 100u);
  commit("more");
  BOOST_TEST(all_hold(all + "more "));
}

BOOST_AUTO_TEST_CASE(another_machine_does_not_take_it_over) {
  spawn_all();
  write_much();
  BOOST_TEST(eventually([&] { return state(1).first.value > 100; }));
  stop_all();
  format = "row 2";
  try {
    spawn(1);
    BOOST_ERROR("it did");
  } catch (const std::runtime_error& e) {
    BOOST_TEST(std::string{e.what()}.find("reads 'row 2'") != std::string::npos,
               e.what());
  }
}

BOOST_AUTO_TEST_SUITE_END()
