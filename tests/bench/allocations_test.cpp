// How much memory a command takes on its way: how often it is asked for, and
// how often a value is copied. Whatever is above these bounds costs all
// commands.

#include <raft/actors/caf/system.hpp>
#include <raft/bench/core/load.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/engine.hpp>
#include <raft/machine/executor.hpp>
#include <raft/messages/caf/codec.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

using namespace raft;

namespace {

constexpr std::size_t large = 64 << 10;

/// What this thread took.
thread_local std::uint64_t pieces = 0;
/// Of these, what had room for a large value.
thread_local std::uint64_t large_pieces = 0;

} // namespace

void* operator new(std::size_t size) {
  ++pieces;
  large_pieces += size >= large;
  if (auto* result = std::malloc(size > 0 ? size : 1))
    return result;
  throw std::bad_alloc{};
}

void operator delete(void* x) noexcept {
  std::free(x);
}

void operator delete(void* x, std::size_t) noexcept {
  std::free(x);
}

namespace {

struct taken {
  std::uint64_t pieces = 0;
  std::uint64_t large_pieces = 0;
};

template <class F>
taken count(F f) {
  taken before{pieces, large_pieces};
  f();
  return {pieces - before.pieces, large_pieces - before.large_pieces};
}

/// What a thousand more take, for there is always something that the first ones
/// take for all.
template <class F>
double for_each(F f) {
  auto few = count([&] { f(1000); });
  auto many = count([&] { f(2000); });
  return (static_cast<double>(many.pieces) - static_cast<double>(few.pieces))
       / 1000;
}

entry entry_with(std::uint64_t index, bytes data) {
  entry x;
  x.term = {1};
  x.index = {index};
  x.kind = entry_kind::command;
  x.data = std::move(data);
  return x;
}

std::string long_key(std::uint64_t i) {
  return "a key that is long enough to need memory " + std::to_string(i);
}

/// Applies what is made of 1, 2 and so on.
template <class F>
taken take_to_apply(std::uint64_t number, F command) {
  std::vector<entry> entries;
  for (std::uint64_t i = 1; i <= number; ++i)
    entries.push_back(entry_with(i, command(i)));
  machine::executor uut{std::make_unique<kv::engine>(kv::make_memory_table())};
  return count([&] {
    for (const auto& x : entries)
      uut.apply(x);
  });
}

template <class F>
double taken_per_command(F command) {
  auto few = take_to_apply(1000, command);
  auto many = take_to_apply(2000, command);
  return (static_cast<double>(many.pieces) - static_cast<double>(few.pieces))
       / 1000;
}

bytes put_command(const std::string& key, std::size_t size) {
  return kv::encode(kv::command{kv::put{key, std::string(size, 'v')}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(allocations)

// Three cores and three stores together.
BOOST_AUTO_TEST_CASE(consensus_takes_little_and_copies_no_value) {
  auto each = for_each([](std::uint64_t entries) {
    bench::core::run_load({entries, 256, 64});
  });
  BOOST_TEST_MESSAGE(each << " pieces of memory for an entry");
  BOOST_TEST(each < 4.0);
  auto all = count([] { bench::core::run_load({500, large, 1}); });
  // The value itself, and lists of all entries that the stores keep.
  BOOST_TEST(all.large_pieces < 10u);
}

BOOST_AUTO_TEST_CASE(a_put_takes_its_key_and_its_value) {
  // And a share of what is taken for many changes at a time.
  auto fresh
    = taken_per_command([](auto i) { return put_command(long_key(i), 256); });
  BOOST_TEST_MESSAGE(fresh << " pieces of memory for a new key");
  BOOST_TEST(fresh < 2.5);
  auto again = taken_per_command(
    [](auto i) { return put_command(long_key(i % 10), 256); });
  BOOST_TEST_MESSAGE(again << " pieces of memory for a known key");
  BOOST_TEST(again < 1.1);
}

BOOST_AUTO_TEST_CASE(a_value_is_copied_once_to_be_kept) {
  constexpr std::uint64_t commands = 100;
  auto alone = take_to_apply(
    commands, [](auto i) { return put_command(long_key(i), large); });
  BOOST_TEST(alone.large_pieces == commands);
  auto in_a_batch = take_to_apply(commands, [](auto i) {
    return kv::encode_batch({put_command(long_key(i), large)});
  });
  BOOST_TEST(in_a_batch.large_pieces == commands);
  auto together = take_to_apply(commands, [](auto i) {
    return kv::encode(
      kv::command{kv::put_many{{{long_key(i), std::string(large, 'v')}}}});
  });
  BOOST_TEST(together.large_pieces == commands);
}

BOOST_AUTO_TEST_CASE(an_append_request_is_encoded_without_a_copy_beside_it) {
  actors::system_config config;
  caf::actor_system system{config};
  auto request = [](std::uint64_t entries, std::size_t size) {
    append_request x;
    for (std::uint64_t i = 1; i <= entries; ++i)
      x.entries.push_back(entry_with(i, bytes{std::string(size, 'v')}));
    return x;
  };
  for (std::uint64_t entries : {1, 64, 1000}) {
    auto x = request(entries, 256);
    // A buffer that grows, and the copy that `to_wire` makes of it.
    auto found = count([&] { to_wire(system, x); });
    BOOST_TEST(found.pieces < 30u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
