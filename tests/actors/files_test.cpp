// How files are shared out among the ports of a process.

#include <raft/actors/caf/files.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft::actors;

BOOST_AUTO_TEST_SUITE(files)

BOOST_AUTO_TEST_CASE(shares_do_not_come_to_more_than_there_is) {
  for (std::size_t files = 0; files < 5000; ++files)
    for (auto clients : {0, 1, 50, 256, 5000})
      for (auto newcomers : {0, 16}) {
        auto x = share_files(files, clients, newcomers);
        auto all = x.own + x.clients + x.newcomers + x.others;
        // With so few, nobody could work.
        BOOST_REQUIRE(all <= (files < 32 ? files + 8 : files));
        BOOST_REQUIRE(x.clients <= static_cast<std::size_t>(clients));
        BOOST_REQUIRE(x.newcomers <= static_cast<std::size_t>(newcomers));
      }
}

BOOST_AUTO_TEST_CASE(usual_limits) {
  auto x = share_files(1024, 256, 16);
  BOOST_TEST(x.clients == 256u);
  BOOST_TEST(x.newcomers == 16u);
  BOOST_TEST(x.others == 1024 - 64 - 272u);
  x = share_files(128, 256, 16);
  BOOST_TEST(x.clients == 48u);
  BOOST_TEST(x.newcomers == 16u);
  BOOST_TEST(x.others == 32u);
  x = share_files(1 << 20, 256, 16);
  BOOST_TEST(x.clients == 256u);
  BOOST_TEST(x.others > 1'000'000u);
}

BOOST_AUTO_TEST_CASE(the_limit_of_this_process) {
  BOOST_TEST(files_max() > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
