#include <raft/kv/command.hpp>
#include <raft/kv/space.hpp>

#include <algorithm>
#include <variant>

namespace raft::kv {

namespace {

/// What is kept for commands that only read or erase, beside what is there for
/// all: it is used up by some thousand of them on their way, and is back after
/// the next checkpoint. Also for session records, which may have become long.
constexpr std::uint64_t reserve = 4 << 20;

/// What must stay in one piece for them, however many free pages there are.
constexpr std::uint64_t reserve_in_one_piece = 1 << 20;

/// Taken in addition as long as there is enough on the disk.
constexpr std::uint64_t cushion = 4 << 20;

/// How many times the bytes of commands are taken in advance that are still to
/// come.
constexpr std::uint64_t space_for_following = 4;

/// The record of a session that a small command changes.
constexpr std::uint64_t session_space = 2 << 10;

/// To stage changes: they are packed into records of whole pages, which may be
/// full to half where large ones follow each other.
constexpr std::uint64_t to_stage(std::uint64_t keys, std::uint64_t bytes) {
  return (bytes + 9 * keys) * 5 / 4;
}

/// To bring them to the pairs: a page that was split is half empty, and a value
/// that is a little longer than one takes two.
constexpr std::uint64_t to_settle(std::uint64_t keys, std::uint64_t bytes) {
  return bytes * 17 / 8 + 64 * keys;
}

constexpr std::uint64_t to_write(std::uint64_t keys, std::uint64_t bytes) {
  return to_stage(keys, bytes) + to_settle(keys, bytes);
}

constexpr std::uint64_t without(std::uint64_t x, std::uint64_t y) {
  return x - std::min(x, y);
}

std::uint64_t changes_of(const put& x) {
  return to_write(1, x.key.size() + x.value.size());
}

std::uint64_t changes_of(const compare_and_set& x) {
  return to_write(1, x.key.size() + x.value.size());
}

/// How long the value is that it makes, the command does not say.
std::uint64_t changes_of(const append& x) {
  return to_write(1, x.key.size() + value_bytes_max);
}

std::uint64_t changes_of(const put_many& x) {
  std::uint64_t result = 0;
  for (const auto& [key, value] : x.pairs)
    result += to_write(1, key.size() + value.size());
  return result;
}

std::uint64_t changes_of(const erase& x) {
  std::uint64_t result = 0;
  for (const auto& key : x.keys)
    result += to_write(1, key.size());
  return result;
}

/// Whatever else only reads.
template <class Command>
std::uint64_t changes_of(const Command&) {
  return 0;
}

/// Of one command; what makes no sense changes nothing.
std::uint64_t changes_of_encoded(std::string_view x) {
  auto found = decode_command(x);
  return found ? std::visit([](const auto& y) { return changes_of(y); }, *found)
               : 0;
}

/// What is to be written, in bytes.
struct need {
  std::uint64_t total = 0;
  /// The part that wants neighbouring pages.
  std::uint64_t joined = 0;
};

need need_of(const table_load& load, const file_space& file) {
  need result;
  result.joined = to_stage(load.keys, load.bytes) + to_settle(0, load.bytes);
  result.total = to_write(load.keys, load.bytes);
  for (auto size : load.sessions) {
    // Short records fill a page to a quarter at least, in which LMDB keeps two
    // or more.
    auto is_long = size >= file.page / 3;
    result.joined += is_long ? size + 2 * file.page : 0;
    result.total
      += is_long ? size + 3 * file.page : 8 * (std::uint64_t{size} + 48);
  }
  return result;
}

/// What every checkpoint takes, however little has changed: pages that one
/// transaction frees can be used by the one after the next.
std::uint64_t overhead(const file_space& file) {
  return 2 * file.portion + file.sessions + 16 * file.page;
}

std::uint64_t kept_in_one_piece(const file_space& file) {
  // The fewer free pages there are, the more new ones come from there, and they
  // never come back.
  return std::max(reserve_in_one_piece,
                  without(overhead(file) + reserve, file.free / 2));
}

} // namespace

space_needed estimate_space(const bytes& command) {
  space_needed result{session_space, only_reads_or_erases(command)};
  if (auto batch = view_batch(command.view()))
    for (auto x : *batch)
      result.bytes += changes_of_encoded(x);
  else
    result.bytes += changes_of_encoded(command.view());
  return result;
}

space_left left_beside(const table_load& load, const file_space& file) {
  auto taken = need_of(load, file);
  auto all = without(file.behind + file.free, taken.total + overhead(file));
  auto in_one_piece = without(file.behind, taken.joined);
  return {std::min(without(all, reserve),
                   without(in_one_piece, kept_in_one_piece(file))),
          std::min(all, in_one_piece)};
}

space_wanted wanted_behind(const table_load& load, const file_space& file) {
  auto taken = need_of(load, file);
  auto all = without(taken.total + overhead(file) + reserve, file.free);
  auto least = std::max(all, taken.joined + kept_in_one_piece(file));
  return {least, least + cushion + space_for_following * load.following};
}

} // namespace raft::kv
