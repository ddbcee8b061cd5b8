// The bank's accounts are copied as embedders would do it.

#include <raft/examples/bank/accounts.hpp>
#include <raft/tests/support/states.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft::test;

namespace {

struct accounts_fixture {
  accounts_fixture() {
    give(bank::deposit{"Ann", 100});
    give(bank::deposit{"a \"b\"\nc\\", 50});
    give(bank::transfer{"Ann", "", 30});
    text_sink out;
    uut.write_state(out);
    written = out.text;
  }

  template <class Order>
  raft::bytes give(const Order& x) {
    return uut.apply({}, bank::encode(x));
  }

  static void read(bank::accounts& to, const std::string& text) {
    text_source in{text};
    to.read_state(in);
  }

  bank::accounts uut;
  std::string written;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bank_accounts, accounts_fixture)

BOOST_AUTO_TEST_CASE(a_copy_has_all_the_money) {
  bank::accounts copy;
  read(copy, written);
  BOOST_TEST(copy.statement() == uut.statement());
  BOOST_TEST(copy.paid_in() == 150);
  bank::transfer order{"Ann", "Bob", 70};
  BOOST_TEST((copy.apply({}, bank::encode(order)) == give(order)));
  BOOST_TEST(copy.statement() == uut.statement());
}

BOOST_AUTO_TEST_CASE(what_does_not_add_up_is_refused) {
  for (const auto& text :
       {written.substr(0, written.size() - 2), written.substr(0, 5),
        written + "x", "1" + written, std::string{"x"}}) {
    bank::accounts copy;
    BOOST_CHECK_THROW(read(copy, text), raft::machine::bad_state);
  }
}

BOOST_AUTO_TEST_SUITE_END()
