// Directories that are filled from the file of a snapshot, without a network.

#include <raft/kv/engine_factory.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/tests/cluster/restorable.hpp>
#include <raft/tests/snapshots/samples.hpp>
#include <raft/tools/lib/restore.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace raft;
using namespace raft::cluster;
namespace fs = std::filesystem;

namespace {

enum class moment { found, built, before_install, installed, never };

struct crashed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Ends what is under way at one moment.
class crashing final : public machine::restoration {
public:
  crashing(std::unique_ptr<machine::restoration> inner, moment when)
    : inner_{std::move(inner)}, when_{when} {
    // nop
  }

  std::string state_format() const override {
    return inner_->state_format();
  }

  void build(const machine::checkpointed_state& what,
             machine::state_source& from) override {
    inner_->build(what, from);
    at(moment::built);
  }

  bool find(log_index applied) override {
    at(moment::found);
    return inner_->find(applied);
  }

  void install() override {
    at(moment::before_install);
    inner_->install();
    at(moment::installed);
  }

private:
  void at(moment x) const {
    if (x == when_)
      throw crashed{"as planned"};
  }

  std::unique_ptr<machine::restoration> inner_;
  moment when_;
};

struct restoration_fixture {
  test::temporary_directory tmp{test::fast_place()};
  std::string file = tmp.path("x.snapshot");
  original source;
  snapshots::totals counts;
  configuration config;

  restoration_fixture() {
    source.fill(50);
    counts = source.write(file);
    config.id = {2};
    config.members = {{{3}, {"127.0.0.1", 7003}},
                      {{1}, {"127.0.0.1", 7001}},
                      {{2}, {"127.0.0.1", 7002}}};
    config.data_directory = tmp.path("data");
    config.map_bytes = 64 << 20;
    config.journal = {2, 64 << 10};
  }

  kv::engine_options engine() const {
    kv::engine_options result;
    result.directory = config.data_directory;
    result.map_bytes = config.map_bytes;
    return result;
  }

  restored_store restore(const std::string& from) const {
    return tools::restore_engine(config, from, engine());
  }

  restored_store restore() const {
    return restore(file);
  }

  /// @throws crashed
  void crash(moment when) const {
    auto make = kv::engine_restorations(engine());
    open_restored(
      config, {file, kv::state_format, [&](const machine::machine_context& x) {
                 return std::make_unique<crashing>(make(x), when);
               }});
  }

  /// What is refused, in words; nothing is made.
  std::string refusal_of(const std::string& from) const {
    auto was_there = fs::exists(config.data_directory);
    std::string result;
    try {
      restore(from);
    } catch (const std::exception& e) {
      result = e.what();
    }
    BOOST_TEST(!result.empty());
    BOOST_TEST(fs::exists(config.data_directory) == was_there);
    return result;
  }

  void check(const persistence::store& x) const {
    auto found = x.load({1});
    BOOST_TEST((found.hard == hard_state{{4}, {}}));
    BOOST_TEST(
      (found.members.current() == membership{{}, {{1}, {2}, {3}}, {}, {}, {}}));
    BOOST_TEST((found.compacted == source.last()));
    BOOST_TEST((found.last == source.last()));
    BOOST_TEST(found.last_time_ms == 1'700'000'000'000 + 50);
    BOOST_TEST((found.cluster == cluster_id{}));
    BOOST_TEST((found.installing == snapshot_head{}));
    BOOST_TEST(persistence::origin_of(x) == counts.checksum);
    BOOST_TEST(persistence::unfinished_founding(x, {1}).empty());
    auto [applied, digest] = state_in(config, x.identity().incarnation);
    BOOST_TEST((applied == source.last().index));
    BOOST_TEST(digest.hash == source.digest().hash);
    BOOST_TEST(digest.keys == 50u);
  }

  static bool contains(const std::string& text, const std::string& part) {
    auto found = text.find(part) != std::string::npos;
    BOOST_TEST(found, "no \"" << part << "\" in: " << text);
    return found;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(restorations, restoration_fixture)

BOOST_AUTO_TEST_CASE(a_directory_begins_behind_the_snapshot) {
  auto done = restore();
  BOOST_REQUIRE(done.restored.has_value());
  BOOST_TEST((done.restored->last == source.last()));
  check(*done.store);
}

BOOST_AUTO_TEST_CASE(once_is_enough_and_the_file_may_go_then) {
  auto first = restore().store->identity();
  for (auto gone : {false, true}) {
    if (gone)
      fs::remove(file);
    auto again = restore();
    BOOST_TEST(!again.restored.has_value());
    BOOST_TEST((again.store->identity() == first));
    check(*again.store);
  }
}

BOOST_AUTO_TEST_CASE(what_a_crash_leaves_is_finished_by_the_next_start) {
  for (auto when : {moment::found, moment::built, moment::before_install,
                    moment::installed}) {
    fs::remove_all(config.data_directory);
    BOOST_CHECK_THROW(crash(when), crashed);
    {
      auto store = open_store(config);
      contains(persistence::unfinished_founding(*store, {1}),
               "start with --restore and the same file again");
    }
    BOOST_CHECK_THROW(crash(moment::found), crashed);
    auto done = restore();
    BOOST_TEST(done.restored.has_value());
    check(*done.store);
  }
}

BOOST_AUTO_TEST_CASE(unfinished_work_is_not_taken_over_by_another_file) {
  BOOST_CHECK_THROW(crash(moment::before_install), crashed);
  source.apply(kv::put{"more", "v"});
  source.write(tmp.path("y.snapshot"));
  contains(refusal_of(tmp.path("y.snapshot")),
           "was restored from another snapshot: its checksum is "
             + checksum_text(counts.checksum));
  config.members.pop_back();
  config.id = {1};
  contains(refusal_of(file), "belongs to peer 2 of cluster");
  config.id = {2};
  config.members = {{{2}, {"127.0.0.1", 7002}}};
  contains(refusal_of(file), "began with the members 1, 2, 3, and --members "
                             "names 2");
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_there_is_not_overwritten) {
  {
    auto store = open_store(config);
    persistence::found_group(*store, {1}, {{1}, {2}, {3}});
  }
  contains(refusal_of(file), "holds peer 2 of a cluster already, which was not "
                             "restored from");
  auto store = open_store(config);
  BOOST_TEST(persistence::origin_of(*store) == 0u);
  BOOST_TEST((store->load({1}).compacted == log_position{}));
}

BOOST_AUTO_TEST_CASE(a_store_that_was_never_founded_is_filled) {
  auto first = open_store(config)->identity();
  auto done = restore();
  BOOST_TEST((done.store->identity() == first));
  check(*done.store);
}

BOOST_AUTO_TEST_CASE(key_value_data_without_a_log_are_kept) {
  fs::create_directories(config.data_directory + "/kv-1");
  test::set_content(config.data_directory + "/kv-1/data.mdb", "precious");
  contains(refusal_of(file), "holds key-value data without the log");
  BOOST_TEST(test::content_of(config.data_directory + "/kv-1/data.mdb")
             == "precious");
}

BOOST_AUTO_TEST_CASE(nothing_is_made_for_a_file_that_is_of_no_use) {
  auto data = test::content_of(file);
  auto harmed = data;
  harmed[data.size() / 2] ^= 1;
  test::set_content(file, harmed);
  contains(refusal_of(file), "is damaged");
  test::set_content(file, data.substr(0, data.size() / 2));
  contains(refusal_of(file), file);
  test::set_content(file, "key\tvalue\n");
  contains(refusal_of(file), file);
  contains(refusal_of(tmp.path("none")), "none");
  test::write_sample(tmp.path("other"), test::sample_state(1000));
  contains(refusal_of(tmp.path("other")),
           "is the snapshot of a state machine \"sample 1\", and this one is "
           "\"key-value 1\"");
  BOOST_TEST(!fs::exists(config.data_directory));
}

BOOST_AUTO_TEST_SUITE_END()
