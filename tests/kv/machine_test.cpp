// What the key-value state machine does at its edges.

#include <raft/kv/kv_machine.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace raft;
using namespace raft::kv;

namespace {

struct machine_fixture {
  kv_machine uut;

  std::vector<std::string> keys(const scan& x) {
    std::vector<std::string> result;
    for (auto& pair : uut.run(x).pairs)
      result.push_back(pair.first);
    return result;
  }
};

using strings = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(kv_machine_edges, machine_fixture)

BOOST_AUTO_TEST_CASE(bytes_that_are_no_command_are_answered_as_such) {
  auto x = decode_reply(uut.apply({}, bytes{"what?"}));
  BOOST_REQUIRE(x);
  BOOST_TEST((x->result == status::malformed));
  BOOST_TEST((decode_reply(uut.apply({}, {}))->result == status::malformed));
}

BOOST_AUTO_TEST_CASE(a_batch_is_executed_in_order) {
  auto x = decode_batch(uut.apply(
    {}, encode_batch({encode(command{append{"k", "a"}}), bytes{"what?"},
                      encode(command{append{"k", "b"}}),
                      encode_batch({encode(command{count{}})})})));
  BOOST_REQUIRE(x);
  BOOST_REQUIRE(x->size() == 4u);
  BOOST_TEST(decode_reply((*x)[0])->count == 1u);
  BOOST_TEST((decode_reply((*x)[1])->result == status::malformed));
  BOOST_TEST(decode_reply((*x)[2])->count == 2u);
  BOOST_TEST((decode_reply((*x)[3])->result == status::malformed));
}

BOOST_AUTO_TEST_CASE(a_batch_ends_when_its_replies_are_large) {
  uut.run(put{"k", std::string(batch_reply_bytes_max / 2, 'x')});
  std::vector<bytes> commands(3, encode(command{get{{"k"}}}));
  commands.push_back(encode(command{put{"k", ""}}));
  auto x = decode_batch(uut.apply({}, encode_batch(commands)));
  BOOST_REQUIRE(x);
  BOOST_TEST(x->size() == 2u);
  BOOST_TEST(uut.run(get{{"k"}}).values[0]->size()
             == batch_reply_bytes_max / 2);
}

BOOST_AUTO_TEST_CASE(scans_go_in_the_order_of_unsigned_bytes) {
  uut.run(put_many{{{"a\xff", ""}, {"a", ""}, {"a\x01", ""}, {"b", ""}}});
  BOOST_TEST(keys({"a", {}, 9, true}) == (strings{"a", "a\x01", "a\xff"}),
             boost::test_tools::per_element());
  BOOST_TEST(keys({"a\xff", {}, 9, true}) == (strings{"a\xff"}),
             boost::test_tools::per_element());
  BOOST_TEST(keys({"", "a\x01", 9, true}) == (strings{"a\xff", "b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_scan_can_go_on_after_the_empty_key) {
  uut.run(put_many{{{"", "1"}, {"a", "2"}}});
  BOOST_TEST(keys({"", {}, 1, true}) == strings{""},
             boost::test_tools::per_element());
  BOOST_TEST(keys({"", "", 1, true}) == strings{"a"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(scans_are_bounded_in_bytes_but_get_ahead) {
  auto large = std::string(scan_bytes_max, 'x');
  uut.run(put_many{{{"a", large}, {"b", large}, {"c", ""}, {"d", ""}}});
  BOOST_TEST(keys({"", {}, 9, false}) == strings{"a"},
             boost::test_tools::per_element());
  BOOST_TEST(keys({"", "b", 9, false}) == (strings{"c", "d"}),
             boost::test_tools::per_element());
  BOOST_TEST(keys({"", {}, 9, true}).size() == 4u);
  BOOST_TEST(uut.run(scan{"", {}, 4, false}).more);
  BOOST_TEST(!uut.run(scan{"", "b", 2, false}).more);
  BOOST_TEST(uut.run(scan{"", "b", 1, false}).more);
}

BOOST_AUTO_TEST_CASE(a_get_does_not_return_more_than_its_bound) {
  uut.run(put{"k", std::string(value_bytes_max, 'x')});
  get many;
  many.keys.assign(get_bytes_max / value_bytes_max, "k");
  BOOST_TEST(uut.run(many).values.size() == many.keys.size());
  many.keys.push_back("k");
  auto x = uut.run(many);
  BOOST_TEST((x.result == status::too_large));
  BOOST_TEST(x.values.empty());
}

BOOST_AUTO_TEST_CASE(no_value_grows_past_the_bound) {
  auto longest = std::string(value_bytes_max, 'x');
  BOOST_TEST((uut.run(put{"k", longest + "x"}).result == status::too_large));
  BOOST_TEST((uut.run(put_many{{{"j", ""}, {"k", longest + "x"}}}).result
              == status::too_large));
  BOOST_TEST((uut.run(compare_and_set{"k", {}, longest + "x"}).result
              == status::too_large));
  BOOST_TEST((uut.run(append{"k", longest + "x"}).result == status::too_large));
  BOOST_TEST(uut.run(count{}).count == 0u);
  BOOST_TEST(uut.run(append{"k", longest}).count == value_bytes_max);
  BOOST_TEST((uut.run(append{"k", "x"}).result == status::too_large));
  BOOST_TEST(uut.run(append{"k", ""}).count == value_bytes_max);
}

BOOST_AUTO_TEST_CASE(no_key_is_longer_than_the_bound) {
  auto longest = std::string(key_bytes_max, 'x');
  auto longer = longest + "x";
  auto refused = [this](command x) {
    return uut.run(std::move(x)).result == status::key_too_long;
  };
  BOOST_TEST(refused(put{longer, ""}));
  BOOST_TEST(refused(append{longer, ""}));
  BOOST_TEST(refused(compare_and_set{longer, {}, ""}));
  BOOST_TEST(refused(put_many{{{"a", ""}, {longer, ""}}}));
  BOOST_TEST(uut.run(count{}).count == 0u);
  // To ask for one is no mistake: it is not there.
  BOOST_TEST(!uut.run(get{{longer}}).values[0]);
  BOOST_TEST(uut.run(erase{{longer}}).count == 0u);
  BOOST_TEST(uut.run(exists{{longer}}).count == 0u);
  BOOST_TEST(keys({longer, {}, 9, true}).empty());
  BOOST_TEST((uut.run(put{longest, ""}).result == status::ok));
  BOOST_TEST(keys({"", longer, 9, true}).empty());
}

BOOST_AUTO_TEST_CASE(the_digest_tells_states_apart) {
  kv_machine other;
  uut.run(put{"a", "bc"});
  other.run(put{"ab", "c"});
  BOOST_TEST(uut.compute_digest().hash != other.compute_digest().hash);
  other.run(put{"a", "bc"});
  other.run(erase{{"ab"}});
  BOOST_TEST(uut.compute_digest().hash == other.compute_digest().hash);
  BOOST_TEST(uut.compute_digest().keys == 1u);
}

BOOST_AUTO_TEST_CASE(the_digest_is_asked_for_by_a_query) {
  uut.run(put{"a", "bc"});
  auto x = decode_digest(uut.query(digest_request()));
  BOOST_REQUIRE(x);
  BOOST_TEST(x->hash == uut.compute_digest().hash);
  BOOST_TEST(uut.query(bytes{"what?"}).empty());
  BOOST_TEST(uut.query({}).empty());
}

BOOST_AUTO_TEST_CASE(the_factory_makes_empty_machines) {
  auto make = kv_machine_factory();
  auto x = make({});
  BOOST_TEST(decode_digest(x->query(digest_request()))->keys == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
