// Columns, widths and alignment of tables for terminals.

#include <raft/programs/table.hpp>

#include <boost/test/unit_test.hpp>

using raft::programs::table;

BOOST_AUTO_TEST_SUITE(tables)

BOOST_AUTO_TEST_CASE(tables_align_numbers_to_the_right) {
  table x{{"name", "count"}};
  x.add({"a", "5"});
  x.add({"longer", "1234567"});
  x.add({"none", "-"});
  BOOST_TEST(x.to_text()
             == "name      count\n"
                "a             5\n"
                "longer  1234567\n"
                "none          -\n");
}

BOOST_AUTO_TEST_SUITE_END()
