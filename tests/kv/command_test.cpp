// Commands and replies survive their encoding, and nothing else passes for one.

#include <raft/kv/command.hpp>
#include <raft/messages/fields.hpp>
#include <raft/tests/kv/samples.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using namespace raft;
using namespace raft::kv;

namespace data = boost::unit_test::data;

namespace {

template <class T>
bool same(const T& x, const T& y) {
  if constexpr (std::is_empty_v<T>)
    return true;
  else
    return tie_fields(x) == tie_fields(y);
}

bool same(const command& x, const command& y) {
  return x.index() == y.index()
      && std::visit(
           [&y](const auto& z) {
             return same(z, std::get<std::decay_t<decltype(z)>>(y));
           },
           x);
}

bytes raw(std::string x) {
  return bytes{std::move(x)};
}

/// Decodes as everything; what passes must be what it decodes to, encoded.
void decode_all(const bytes& x) {
  if (auto found = decode_command(x))
    BOOST_REQUIRE((encode(*found) == x));
  if (auto found = decode_reply(x))
    BOOST_REQUIRE((encode(*found) == x));
  if (auto found = decode_digest(x))
    BOOST_REQUIRE((encode(*found) == x));
  if (auto found = decode_batch(x))
    BOOST_REQUIRE((encode_batch(*found) == x));
}

/// Cuts, lengthens and changes an encoding everywhere.
void damage(const bytes& good, std::mt19937_64& random) {
  auto text = std::string{good.view()};
  for (std::size_t size = 0; size < text.size(); ++size) {
    auto cut = raw(text.substr(0, size));
    BOOST_REQUIRE(!decode_command(cut));
    BOOST_REQUIRE(!decode_reply(cut));
    BOOST_REQUIRE(!decode_digest(cut));
    BOOST_REQUIRE(!decode_batch(cut));
  }
  decode_all(raw(text + '\0'));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = static_cast<char>(random());
    decode_all(raw(changed));
  }
}

reply random_reply(command_source& source) {
  reply x;
  x.result = static_cast<status>(source.number() % 4);
  x.count = source.number();
  for (auto i = source.number() % 4; i > 0; --i)
    x.values.push_back(source.maybe(source.value()));
  for (auto i = source.number() % 4; i > 0; --i)
    x.pairs.emplace_back(source.key(), source.value());
  x.more = source.number() % 2 == 0;
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(command_codec)

BOOST_AUTO_TEST_CASE(the_bytes_are_these) {
  auto x = encode(command{compare_and_set{"k", "old", std::string(200, 'v')}});
  BOOST_TEST(x.view()
             == std::string("\1\5\1k\1\3old\xc8\1") + std::string(200, 'v'));
  BOOST_TEST(encode(command{count{}}).view() == "\1\7");
  BOOST_TEST(encode(reply{status::mismatch, 2, {std::nullopt}, {}, true}).view()
             == std::string("\1\x40\1\2\1\0\0\1", 8));
  BOOST_TEST(digest_request().view() == "\1\x41");
}

BOOST_DATA_TEST_CASE(commands_round_trip, data::xrange(300), seed) {
  command_source source{static_cast<std::uint64_t>(seed)};
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  for (auto i = 0; i < 20; ++i) {
    auto x = source.next();
    auto found = decode_command(encode(x));
    BOOST_REQUIRE(found);
    BOOST_REQUIRE(same(*found, x));
    damage(encode(x), random);
  }
}

BOOST_DATA_TEST_CASE(replies_round_trip, data::xrange(100), seed) {
  command_source source{static_cast<std::uint64_t>(seed)};
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  for (auto i = 0; i < 20; ++i) {
    auto x = random_reply(source);
    auto found = decode_reply(encode(x));
    BOOST_REQUIRE(found);
    BOOST_REQUIRE(same(*found, x));
    damage(encode(x), random);
    digest d{source.number(), source.number()};
    auto again = decode_digest(encode(d));
    BOOST_REQUIRE(again);
    BOOST_REQUIRE(same(*again, d));
  }
}

BOOST_DATA_TEST_CASE(batches_round_trip, data::xrange(100), seed) {
  command_source source{static_cast<std::uint64_t>(seed)};
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  std::vector<bytes> x;
  for (auto i = 0; i < 5; ++i) {
    x.push_back(encode(source.next()));
    auto found = decode_batch(encode_batch(x));
    BOOST_REQUIRE(found);
    BOOST_REQUIRE((*found == x));
    damage(encode_batch(x), random);
  }
  BOOST_TEST(!decode_batch(encode_batch({})));
  BOOST_TEST(!decode_command(encode_batch(x)));
}

BOOST_AUTO_TEST_CASE(reads_are_known_by_their_bytes) {
  const std::vector<bytes> reads{encode(get{{"a", "b"}}), encode(scan{}),
                                 encode(count{}), encode(exists{{"a"}})};
  const std::vector<bytes> writes{
    encode(put{"a", "b"}), encode(append{"a", "b"}), encode(erase{{"a"}}),
    encode(compare_and_set{"a", {}, "b"}), encode(put_many{{{"a", "b"}}})};
  BOOST_TEST(reads.size() + writes.size() == std::variant_size_v<command>);
  BOOST_TEST(only_reads(encode_batch(reads)));
  for (const auto& x : reads)
    BOOST_TEST(only_reads(x));
  for (const auto& x : writes) {
    BOOST_TEST(!only_reads(x));
    BOOST_TEST(!only_reads(encode_batch({reads[0], x, reads[1]})));
    auto erases = x == encode(erase{{"a"}});
    BOOST_TEST(only_reads_or_erases(x) == erases);
    BOOST_TEST(only_reads_or_erases(encode_batch({reads[0], x, reads[1]}))
               == erases);
  }
  for (const auto& x : {bytes{}, bytes{"x"}, encode_batch({bytes{"x"}}),
                        encode_batch({encode_batch(reads)})})
    BOOST_TEST(!only_reads(x));
}

BOOST_DATA_TEST_CASE(garbage_is_refused_or_means_what_it_says,
                     data::xrange(200), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  for (auto i = 0; i < 500; ++i) {
    std::string x{"\1"};
    x += static_cast<char>(random() % 12);
    for (auto n = random() % 24; n > 0; --n)
      x += static_cast<char>(random() % 4 == 0 ? random() : random() % 5);
    decode_all(raw(x));
  }
}

BOOST_AUTO_TEST_CASE(lies_about_lengths_are_refused) {
  // A string and a list longer than all memory.
  std::string huge = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  BOOST_TEST(!decode_command(raw("\1\1" + huge)));
  BOOST_TEST(!decode_command(raw("\1\2" + huge)));
  // More than 64 bits.
  BOOST_TEST(
    !decode_command(raw("\1\2\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")));
  // Longer than needed.
  BOOST_TEST(!decode_command(raw(std::string("\1\2\x80\0", 4))));
  // More keys than allowed, all of them there.
  get many;
  many.keys.resize(keys_max);
  BOOST_TEST(!!decode_command(encode(command{many})));
  many.keys.emplace_back();
  BOOST_TEST(!decode_command(encode(command{many})));
}

BOOST_AUTO_TEST_CASE(other_versions_and_kinds_are_refused) {
  BOOST_TEST(!decode_command(bytes{}));
  BOOST_TEST(!decode_command(raw("\2\7")));
  BOOST_TEST(!decode_command(raw(std::string("\1\0", 2))));
  BOOST_TEST(!decode_command(raw("\1\x0a")));
  BOOST_TEST(!decode_command(raw("\1\xff")));
  BOOST_TEST(!decode_command(encode(reply{})));
  BOOST_TEST(!decode_command(digest_request()));
  BOOST_TEST(!decode_digest(encode(reply{})));
}

BOOST_AUTO_TEST_SUITE_END()
