// From a running machine to a file, and from the file to a new machine.

#include "samples.hpp"
#include <raft/kv/kv_machine.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/snapshot_job.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <stdexcept>

using namespace raft;
using namespace raft::snapshots;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

/// Opens a session, then puts keys in it.
void apply_up_to(machine::executor& uut, std::uint64_t last) {
  while (uut.applied().value < last) {
    entry x;
    x.term = {2};
    x.index = uut.applied().next();
    x.time_ms = 1000 + x.index.value;
    x.kind
      = x.index.value == 1 ? entry_kind::open_session : entry_kind::command;
    x.tag = {{1}, x.index.value, 0};
    x.data = kv::encode(kv::command{
      kv::put{std::to_string(x.index.value), std::string(100, 'x')}});
    uut.apply(x);
  }
}

machine::executor make() {
  return machine::executor{std::make_unique<kv::kv_machine>()};
}

description about(std::uint64_t index) {
  auto result = sample_description();
  result.last = {{index}, {2}};
  return result;
}

struct job_fixture {
  temporary_directory tmp{fast_place()};
  std::string path = tmp.path("x.snapshot");
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_jobs, job_fixture)

BOOST_AUTO_TEST_CASE(a_machine_goes_on_where_a_file_ends) {
  auto uut = make();
  apply_up_to(uut, 3000);
  snapshot_job job{path, about(3000), *uut.begin_snapshot()};
  apply_up_to(uut, 3500);
  auto written = job.run();
  BOOST_TEST(written.sessions == 2u);
  BOOST_TEST(written.chunks > 4u);
  auto twin = make();
  auto found = restore(twin, path);
  BOOST_TEST(found.last.index.value == 3000u);
  BOOST_TEST(found.time_ms == 4000u);
  BOOST_TEST(found.format == "key-value 1");
  BOOST_TEST(twin.applied().value == 3000u);
  apply_up_to(twin, 3500);
  BOOST_TEST(
    (twin.query(kv::digest_request()) == uut.query(kv::digest_request())));
}

BOOST_AUTO_TEST_CASE(it_is_of_the_entry_that_it_goes_up_to) {
  auto uut = make();
  apply_up_to(uut, 10);
  BOOST_CHECK_THROW((snapshot_job{path, about(9), *uut.begin_snapshot()}),
                    std::logic_error);
  BOOST_TEST(fs::is_empty(tmp.path()));
}

BOOST_AUTO_TEST_CASE(one_that_is_given_up_leaves_nothing) {
  auto uut = make();
  apply_up_to(uut, 3000);
  {
    auto rate = std::make_shared<rate_limit>(1);
    snapshot_job job{path, about(3000), *uut.begin_snapshot(), {rate}};
    rate->give_up();
    BOOST_CHECK_THROW(job.run(), machine::given_up);
  }
  BOOST_TEST(fs::is_empty(tmp.path()));
  // And another one can be begun.
  snapshot_job job{path, about(3000), *uut.begin_snapshot()};
  job.run();
  snapshot_reader in{path};
  verify(in);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_gives_no_machine) {
  auto uut = make();
  apply_up_to(uut, 3000);
  snapshot_job{path, about(3000), *uut.begin_snapshot()}.run();
  auto data = content_of(path);
  data[data.size() / 2] ^= 1;
  set_content(path, data);
  auto twin = make();
  BOOST_CHECK_THROW(restore(twin, path), snapshot_error);
}

BOOST_AUTO_TEST_CASE(nor_does_one_of_another_machine) {
  write_sample(path, "state");
  auto twin = make();
  BOOST_CHECK_EXCEPTION(
    restore(twin, path), machine::bad_state, [](const auto& e) {
      return e.what()
          == std::string{"this is a state of 'sample 1', and the "
                         "state machine reads 'key-value 1'"};
    });
}

BOOST_AUTO_TEST_SUITE_END()
