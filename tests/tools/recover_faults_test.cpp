// A process that dies, and a disk that fails or fills up, at each call while a
// peer is made to go on alone: what is there afterwards is the cluster before
// or the new one, and another try finishes it.

#include <raft/tests/support/disk_runs.hpp>
#include <raft/tests/tools/cluster_directories.hpp>
#include <raft/tools/lib/recover.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <sstream>

using namespace raft;
using namespace raft::test;
using tools::exit_code;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t last = 12;

struct recover_faults {
  temporary_directory tmp{fast_place()};
  peer_directory made{tmp.path("made"), {2}};
  peer_directory uut{tmp.path("disk/2"), {2}};

  tools::verdict run() const {
    std::ostringstream ignored;
    return tools::recover(
      {{uut.path}, {}, true}, [] { return std::nullopt; }, ignored);
  }

  static bool holds_all(const peer_directory& x) {
    auto store = x.open();
    auto known = store->load({1});
    auto state = x.machine(store->identity().incarnation);
    for (const auto& e :
         store->read({1}, state->applied().next(), {last}, 1 << 20))
      state->apply(e);
    auto digest = kv::decode_digest(state->query(kv::digest_request()));
    return known.last.index.value == last && digest->keys == last - 1;
  }

  void check(bool was_done) const {
    auto known = uut.open()->load({1});
    auto alone = known.members.current().voters == std::vector<peer_id>{{2}};
    BOOST_TEST((alone || known.members.current().voters.size() == 3u));
    BOOST_TEST((alone || known.cluster == cluster_id{77}));
    BOOST_TEST((!alone || known.cluster != cluster_id{77}));
    BOOST_TEST((alone || !was_done));
    // What has the name of a copy is a whole one.
    if (auto copy = uut.path + ".before-recovery"; fs::exists(copy))
      BOOST_TEST(holds_all({copy, {2}}));
    else
      BOOST_TEST(!alone);
    auto again = run();
    BOOST_TEST((again.code == exit_code::ok), again.message);
    known = uut.open()->load({1});
    BOOST_TEST((known.members.current().voters == std::vector<peer_id>{{2}}));
    BOOST_TEST((!known.proposed || known.proposed == known.cluster));
    BOOST_TEST(holds_all(uut));
  }

  std::uint64_t at_each(disk_fault fault, std::uint64_t stride) {
    return for_each_call(fault, disk_calls::all, stride, [&](disk_plan plan) {
      fs::remove_all(tmp.path("disk"));
      fs::create_directory(tmp.path("disk"));
      fs::copy(made.path, uut.path, fs::copy_options::recursive);
      plan.directory = tmp.path("disk");
      auto did = run_on_disk(plan, [this](int out) {
        if (run().code == exit_code::ok)
          send_number(out, 1);
      });
      if (!did.happened)
        return false;
      BOOST_TEST_CONTEXT(describe(plan)) {
        check(did.acknowledged == 1);
      }
      return true;
    });
  }

  void at_each() {
    BOOST_TEST(at_each(disk_fault::kill, 1) > 10u);
    BOOST_TEST(at_each(disk_fault::power, 3) > 0u);
    BOOST_TEST(at_each(disk_fault::no_space, 4) > 0u);
    BOOST_TEST(at_each(disk_fault::io_error, 4) > 0u);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(recovery_faults, recover_faults)

BOOST_AUTO_TEST_CASE(a_fault_leaves_the_old_cluster_or_the_new_one) {
  made.fill(last, {5});
  at_each();
}

BOOST_AUTO_TEST_CASE(so_it_does_if_the_log_has_lost_its_first_entries) {
  made.fill(last, {5});
  made.checkpoint();
  at_each();
}

BOOST_AUTO_TEST_SUITE_END()
