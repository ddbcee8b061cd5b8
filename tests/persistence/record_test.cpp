// The bytes of records: what they are, and that no others are taken for them.

#include <raft/lmdb/big_endian.hpp>
#include <raft/persistence/record.hpp>
#include <raft/tests/support/fill.hpp>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <xxhash.h>

#include <limits>
#include <string>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
using namespace std::string_literals;

namespace {

using record_types
  = boost::mpl::list<store_header, store_identity, hard_state, configurations,
                     log_position, entry, snapshot_head>;

constexpr group_id group{0x0102030405060708};

std::string hex(std::string_view data) {
  constexpr auto digits = "0123456789abcdef";
  std::string result;
  for (unsigned char byte : data) {
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

/// Puts a valid version, type and checksum around any payload.
std::string sealed(record_type type, const std::string& payload) {
  std::string result;
  result += static_cast<char>(record_version);
  result += static_cast<char>(type);
  result += payload;
  lmdb::append_big_endian(
    result, std::uint64_t{
              XXH3_64bits_withSeed(result.data(), result.size(), group.value)});
  return result;
}

template <class T>
record_fault fault_of(std::string_view data, group_id g = group) {
  T before;
  T x;
  auto result = decode(g, data, x);
  if (result != record_fault::none)
    BOOST_TEST((x == before), "a fault must not change the value");
  return result;
}

} // namespace

namespace raft::persistence {

std::ostream& operator<<(std::ostream& out, record_fault x) {
  return out << to_text(x);
}

} // namespace raft::persistence

BOOST_AUTO_TEST_SUITE(record)

// -- the format, pinned -------------------------------------------------------

// If one of these fails, existing data can no longer be read: raise the version
// and keep reading the old one. Each line of hex is a field.

BOOST_AUTO_TEST_CASE(golden_header) {
  BOOST_TEST(hex(encode({}, store_header{1}))
             == "01"
                "01"
                "00000001"
                "b5ce83977046c092");
}

BOOST_AUTO_TEST_CASE(golden_identity) {
  store_identity x{"demo", {3}, {0x1122334455667788}};
  BOOST_TEST(hex(encode({}, x))
             == "01"
                "02"
                "00000004"
                "64656d6f"
                "0000000000000003"
                "1122334455667788"
                "775331cb0575ca4c");
}

BOOST_AUTO_TEST_CASE(golden_hard_state) {
  BOOST_TEST(hex(encode({1}, hard_state{{5}, {2}}))
             == "01"
                "03"
                "0000000000000005"
                "0000000000000002"
                "8dbb3466807fd40e");
}

BOOST_AUTO_TEST_CASE(golden_membership) {
  configurations x{{{9}, {{1}, {2}}, {{3}}}};
  BOOST_TEST(hex(encode({1}, x))
             == "01"
                "04"
                "0000000000000009"
                "00000002"
                "0000000000000001"
                "0000000000000002"
                "00000001"
                "0000000000000003"
                "4f067a1158d3afb7");
}

BOOST_AUTO_TEST_CASE(golden_position) {
  BOOST_TEST(hex(encode({1}, log_position{{17}, {4}}))
             == "01"
                "05"
                "0000000000000011"
                "0000000000000004"
                "b4e526b785503754");
}

BOOST_AUTO_TEST_CASE(golden_compaction_point) {
  auto data = encode({1}, compaction_point{{{17}, {4}}, 0x18f00000001});
  BOOST_TEST(hex(data.substr(0, 26))
             == "01"
                "05"
                "0000000000000011"
                "0000000000000004"
                "0000018f00000001");
  compaction_point x;
  BOOST_REQUIRE((decode({1}, data, x) == record_fault::none));
  BOOST_TEST((x.where == log_position{{17}, {4}}));
  BOOST_TEST(x.time_ms == 0x18f00000001u);
}

BOOST_AUTO_TEST_CASE(a_compaction_point_of_an_earlier_version_is_understood) {
  compaction_point x{{}, 9};
  auto data = encode({1}, log_position{{17}, {4}});
  BOOST_REQUIRE((decode({1}, data, x) == record_fault::none));
  BOOST_TEST((x.where == log_position{{17}, {4}}));
  BOOST_TEST(x.time_ms == 0u);
}

BOOST_AUTO_TEST_CASE(golden_entry) {
  entry x;
  x.term = {4};
  x.index = {17};
  x.kind = entry_kind::command;
  x.time_ms = 0x18f00000001;
  x.tag = {{7}, 8, 6};
  x.data = bytes{"set x 1"};
  BOOST_TEST(hex(encode({1}, x))
             == "01"
                "06"
                "0000000000000004"
                "0000000000000011"
                "01"
                "0000018f00000001"
                "0000000000000007"
                "0000000000000008"
                "0000000000000006"
                "00000007"
                "73657420782031"
                "7badd793dabfb3a8");
}

BOOST_AUTO_TEST_CASE(golden_snapshot_head) {
  snapshot_head x{{{17}, {4}}, 0x18f00000001, {{3}, {{1}, {2}}, {{9}}},
                  {0xabcd},    0x1000,        0x77};
  auto data = hex(encode({1}, x));
  BOOST_TEST(data.substr(0, data.size() - 16)
             == "01"
                "0d"
                "0000000000000011"
                "0000000000000004"
                "0000018f00000001"
                "0000000000001000"
                "0000000000000077"
                "000000000000abcd"
                "0000000000000003"
                "00000029"
                "01"
                "00000002"
                "0000000000000001"
                "0000000000000002"
                "00000001"
                "0000000000000009"
                "00000000"
                "00000000");
}

BOOST_AUTO_TEST_CASE(golden_configurations) {
  configurations x;
  x.founding.voters = {{1}};
  x.later.push_back(
    {{5}, {{1}, {4}}, {}, {{1}}, {{{4}, {0xabcd}, "h:1", true, {1}}}});
  auto data = hex(encode({1}, x));
  BOOST_TEST(data.substr(0, data.size() - 16)
             == "01"
                "0e"
                // Those of the founding.
                "0000000000000000"
                "00000019"
                "01"
                "00000001"
                "0000000000000001"
                "00000000"
                "00000000"
                "00000000"
                // One entry.
                "00000001"
                "0000000000000005"
                "00000049"
                "01"
                "00000002"
                "0000000000000001"
                "0000000000000004"
                "00000000"
                "00000001"
                "0000000000000001"
                "00000001"
                "0000000000000004"
                "000000000000abcd"
                "00000003"
                "683a31"
                "01"
                "0000000000000001");
}

// -- round trips --------------------------------------------------------------

BOOST_AUTO_TEST_CASE_TEMPLATE(round_trip_keeps_every_field, T, record_types) {
  BOOST_TEST(all_set(filled<T>()));
  for_each_filled<T>([](const T& x) {
    T y;
    BOOST_TEST(decode(group, encode(group, x), y) == record_fault::none);
    BOOST_TEST((x == y));
  });
}

BOOST_AUTO_TEST_CASE(round_trip_of_extremes) {
  constexpr auto max = std::numeric_limits<std::uint64_t>::max();
  entry x{{max}, {max}, entry_kind{255}, max, {{max}, max, max}, {}};
  entry y;
  BOOST_TEST(decode({max}, encode({max}, x), y) == record_fault::none);
  BOOST_TEST((x == y));
  x.data = bytes{std::string(100'000, '\0')};
  BOOST_TEST(decode({0}, encode({0}, x), y) == record_fault::none);
  BOOST_TEST((x == y));
}

// -- damage -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE_TEMPLATE(every_flipped_bit_is_found, T, record_types) {
  auto good = encode(group, filled<T>());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    auto expected
      = bit < 8 ? record_fault::wrong_version : record_fault::wrong_checksum;
    BOOST_TEST(fault_of<T>(bad) == expected);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_truncation_is_found, T, record_types) {
  auto good = encode(group, filled<T>());
  for (std::size_t size = 0; size < good.size(); ++size) {
    // A copy of its own size, so that a sanitizer sees a read beyond it.
    std::string bad{good, 0, size};
    bad.shrink_to_fit();
    auto expected
      = size < 10 ? record_fault::too_short : record_fault::wrong_checksum;
    BOOST_TEST(fault_of<T>(bad) == expected);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bytes_after_the_end_are_found, T, record_types) {
  auto good = encode(group, filled<T>());
  BOOST_TEST(fault_of<T>(good + '\0') == record_fault::wrong_checksum);
  BOOST_TEST(fault_of<T>(good + good) == record_fault::wrong_checksum);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sound_records_in_the_wrong_place_are_found, T,
                              record_types) {
  auto good = encode(group, filled<T>());
  BOOST_TEST(fault_of<T>(good, {group.value + 1})
             == record_fault::wrong_checksum);
  if constexpr (!std::is_same_v<T, hard_state>)
    BOOST_TEST(fault_of<hard_state>(good) == record_fault::wrong_type);
  else
    BOOST_TEST(fault_of<log_position>(good) == record_fault::wrong_type);
}

// A checksum does not protect from whoever computes it: the fields must be
// checked on their own.
BOOST_AUTO_TEST_CASE_TEMPLATE(fields_are_checked_behind_a_good_checksum, T,
                              record_types) {
  auto good = encode(group, filled<T>());
  auto type = record_type{static_cast<std::uint8_t>(good[1])};
  auto payload = good.substr(2, good.size() - 10);
  BOOST_TEST(fault_of<T>(sealed(type, payload)) == record_fault::none);
  BOOST_TEST(fault_of<T>(sealed(type, payload + '\0'))
             == record_fault::trailing_bytes);
  for (std::size_t size = 0; size < payload.size(); ++size)
    BOOST_TEST(fault_of<T>(sealed(type, payload.substr(0, size)))
               == record_fault::truncated);
}

BOOST_AUTO_TEST_CASE(lengths_beyond_the_record_are_found) {
  auto huge = "\xff\xff\xff\xff"s;
  auto zeros = std::string(100, '\0');
  auto voters
    = sealed(record_type::membership, std::string(8, '\0') + huge + zeros);
  BOOST_TEST(fault_of<configurations>(voters) == record_fault::truncated);
  auto cluster = sealed(record_type::identity, huge + zeros);
  BOOST_TEST(fault_of<store_identity>(cluster) == record_fault::truncated);
  auto data = sealed(record_type::entry, std::string(49, '\0') + huge + zeros);
  BOOST_TEST(fault_of<entry>(data) == record_fault::truncated);
}

BOOST_AUTO_TEST_CASE(a_later_record_version_is_named_as_such) {
  auto later = encode(group, hard_state{{1}, {1}});
  later[0] = record_version + 1;
  BOOST_TEST(fault_of<hard_state>(later) == record_fault::wrong_version);
}

BOOST_AUTO_TEST_SUITE_END()
