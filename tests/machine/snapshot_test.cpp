// A state is copied with its sessions, and goes on elsewhere as if it were
// there.

#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/tests/support/outcomes.hpp>
#include <raft/tests/support/states.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::machine;
using raft::test::copied_state;
using raft::test::text_source;
using raft::test::written;

namespace {

/// The commands, one after the other; written and read by two functions.
class collector : public state_machine, public snapshotting {
public:
  bytes apply(const apply_context& where, const bytes& command) override {
    all_ += command.view();
    return bytes{std::to_string(where.index.value) + ' ' + all_};
  }

  machine::snapshotting* snapshotting() noexcept override {
    return this;
  }

  std::string state_format() const override {
    return "collector 1";
  }

  void write_state(state_sink& to) const override {
    to.write(std::to_string(all_.size()) + ' ');
    to.write(all_);
  }

  void read_state(state_source& from) override {
    std::string size;
    for (char c = 0; c != ' '; size += c)
      read_exactly(from, &c, 1);
    all_.resize(std::stoul(size));
    read_exactly(from, all_.data(), all_.size());
  }

private:
  std::string all_;
};

class collector_without : public state_machine {
  bytes apply(const apply_context&, const bytes&) override {
    return {};
  }
};

constexpr session_bounds few{3000, 3, 4, 64};

std::unique_ptr<executor> make() {
  return std::make_unique<executor>(std::make_unique<collector>(), few);
}

/// A log of clients who open sessions, retry and go away.
entry entry_at(std::uint64_t index) {
  std::mt19937_64 random{index};
  entry x{{1}, {index}, entry_kind::command, 100 * index, {}, {}};
  if (random() % 8 == 0) {
    x.kind = entry_kind::open_session;
    return x;
  }
  x.tag.session = {index - std::min(index, random() % 20)};
  x.tag.sequence = 1 + random() % 6;
  x.tag.lowest_unanswered = random() % 3;
  x.data = bytes{std::string(1, static_cast<char>('a' + random() % 26))};
  return x;
}

void apply_up_to(executor& uut, std::uint64_t last) {
  while (uut.applied().value < last)
    uut.apply(entry_at(uut.applied().value + 1));
}

std::unique_ptr<executor> restored(const copied_state& x) {
  auto result = make();
  text_source in{x.state};
  result->restore(x.what, x.format, in);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(state_copies)

BOOST_AUTO_TEST_CASE(what_is_copied_goes_on_as_the_original_does) {
  constexpr std::uint64_t last = 120;
  for (std::uint64_t moment = 0; moment <= last; moment += 3) {
    auto uut = make();
    apply_up_to(*uut, moment);
    BOOST_REQUIRE(uut->has_snapshots());
    auto begun = uut->begin_snapshot();
    BOOST_REQUIRE(begun.has_value());
    // What comes later is not in it.
    apply_up_to(*uut, moment + 7);
    auto copied = written(std::move(*begun));
    BOOST_TEST(copied.what.applied.value == moment);
    auto twin = restored(copied);
    BOOST_TEST(twin->applied().value == moment);
    auto expected = make();
    apply_up_to(*expected, moment);
    for (auto i = moment + 1; i <= moment + 60; ++i)
      BOOST_TEST((twin->apply(entry_at(i)) == expected->apply(entry_at(i))),
                 "a copy of entry " << moment << " differs at " << i);
    // All there is, not only what clients have seen of it.
    auto found = written(*twin->begin_snapshot());
    auto wanted = written(*expected->begin_snapshot());
    BOOST_TEST(found.state == wanted.state);
    BOOST_TEST((found.what.sessions == wanted.what.sessions));
  }
}

BOOST_AUTO_TEST_CASE(the_machine_may_be_gone_when_its_state_is_written) {
  auto uut = make();
  apply_up_to(*uut, 40);
  auto wanted = written(*uut->begin_snapshot());
  auto begun = uut->begin_snapshot();
  uut = nullptr;
  BOOST_TEST(written(std::move(*begun)).state == wanted.state);
}

BOOST_AUTO_TEST_CASE(what_is_no_state_is_refused) {
  auto uut = make();
  apply_up_to(*uut, 40);
  auto good = written(*uut->begin_snapshot());
  auto shorter = good;
  shorter.state.pop_back();
  BOOST_CHECK_THROW(restored(shorter), bad_state);
  auto longer = good;
  longer.state += 'x';
  BOOST_CHECK_THROW(restored(longer), bad_state);
  auto others = good;
  others.format = "collector 2";
  BOOST_CHECK_EXCEPTION(restored(others), bad_state, [](const auto& e) {
    return e.what()
        == std::string{"this is a state of 'collector 2', and the state "
                       "machine reads 'collector 1'"};
  });
  auto no_session = good;
  no_session.what.sessions.push_back({{7}, bytes{"x"}});
  BOOST_CHECK_THROW(restored(no_session), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(only_a_new_machine_takes_over_a_state) {
  auto uut = make();
  apply_up_to(*uut, 40);
  auto good = written(*uut->begin_snapshot());
  text_source in{good.state};
  BOOST_CHECK_THROW(uut->restore(good.what, good.format, in), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_machine_need_not_be_one_that_can_be_copied) {
  executor uut{std::make_unique<collector_without>()};
  BOOST_TEST(!uut.has_snapshots());
  BOOST_CHECK_THROW(uut.begin_snapshot(), std::logic_error);
  text_source in{""};
  BOOST_CHECK_THROW(uut.restore({}, "", in), std::logic_error);
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_source_has_a_bound) {
  text_source some{std::string(200'000, 'x'), 1000};
  BOOST_TEST(read_rest(some, 200'000).size() == 200'000u);
  text_source more{std::string(200'001, 'x'), 1000};
  BOOST_CHECK_THROW(read_rest(more, 200'000), bad_state);
}

BOOST_AUTO_TEST_SUITE_END()
