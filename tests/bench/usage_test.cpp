// What is read from /proc and /sys.

#include <raft/bench/usage.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <unistd.h>

using namespace raft::bench;

BOOST_AUTO_TEST_SUITE(usages)

BOOST_AUTO_TEST_CASE(the_fields_of_a_disk) {
  auto x = parse_disk_usage("  10 20 30 40   50 60   70 80  0 90 100 110 120 "
                            "130 140 150 160\n");
  BOOST_TEST(x.value().flushes == 150u);
  BOOST_TEST(x.value().written_bytes == 70u * 512);
  // As before Linux 5.5, and of what is no disk.
  BOOST_TEST(!parse_disk_usage("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"));
  BOOST_TEST(!parse_disk_usage(""));
}

BOOST_AUTO_TEST_CASE(the_fields_of_a_process) {
  constexpr auto text = "VmHWM:\t  99 kB\nVmRSS:\t  1234 kB\nread_bytes: 1\n"
                        "cancelled_write_bytes: 7\nwrite_bytes: 5\nodd: x\n";
  BOOST_TEST(parse_field(text, "VmRSS").value() == 1234u);
  BOOST_TEST(parse_field(text, "write_bytes").value() == 5u);
  BOOST_TEST(!parse_field(text, "VmR"));
  BOOST_TEST(!parse_field(text, "odd"));
  BOOST_TEST(!parse_field("", "VmRSS"));
}

BOOST_AUTO_TEST_CASE(a_process_counts_its_own_work) {
  auto before = usage_of(::getpid());
  BOOST_TEST(before.resident_bytes > before.anonymous_bytes);
  BOOST_TEST(before.anonymous_bytes > 0u);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  auto after = before;
  while (after.cpu_seconds < before.cpu_seconds + 0.001
         && std::chrono::steady_clock::now() < deadline)
    after = usage_of(::getpid());
  BOOST_TEST(after.cpu_seconds >= before.cpu_seconds + 0.001);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_none_is_an_error) {
  // Numbers of processes end far below.
  BOOST_CHECK_THROW(usage_of(1 << 30), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
