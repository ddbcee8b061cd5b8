#include <raft/lmdb/big_endian.hpp>
#include <raft/lmdb/directory.hpp>
#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/shelf.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_reader.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace raft::snapshots {

namespace fs = std::filesystem;

namespace {

void remove_file(const std::string& path) {
  std::error_code ignored; // It will be tried again at the next start.
  fs::remove(path, ignored);
}

/// Nothing if it is damaged: then it is as good as not there.
std::optional<snapshot_head> head_of_file(const std::string& path) {
  try {
    snapshot_reader in{path};
    return head_of(in.about(), in.counts());
  } catch (const snapshot_error& e) {
    if (e.code() == fault::no_access)
      throw;
    return std::nullopt;
  }
}

/// The last two numbers in the name of a file, its size and its checksum.
std::optional<std::array<std::uint64_t, 2>>
numbers_in(const std::string& path) {
  auto name = fs::path{path}.stem().stem().string();
  std::array<std::uint64_t, 2> result{};
  for (auto i = result.rbegin(); i != result.rend(); ++i) {
    auto at = name.rfind('-');
    if (at == std::string::npos)
      return std::nullopt;
    auto end = name.data() + name.size();
    auto [last, code] = std::from_chars(name.data() + at + 1, end, *i);
    if (code != std::errc{} || last != end)
      return std::nullopt;
    name.resize(at);
  }
  return result;
}

/// Whether a log has an entry, or had it.
bool has(const durable_state& log, const log_position& x) {
  if (x.index <= log.compacted.index)
    return true;
  const auto& starts = log.term_starts;
  const auto after
    = std::ranges::upper_bound(starts, x.index, {}, &log_position::index);
  return x.index <= log.last.index && after != starts.begin()
      && std::prev(after)->term == x.term;
}

/// Of two files the newer one stays.
void keep_newer(std::optional<snapshot_head>& known, const shelf& from,
                const snapshot_head& found) {
  if (known && known->last.index >= found.last.index) {
    from.remove(found);
    return;
  }
  if (known)
    from.remove(*known);
  known = found;
}

} // namespace

shelf::shelf(std::string directory, group_id group)
  : directory_{std::move(directory)}, group_{group} {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) {
    errno = error.value();
    fail_to("make", directory_);
  }
}

shelf::leftovers shelf::tidy(const durable_state& log) const {
  const auto prefix = to_text(group_) + '-';
  leftovers result;
  std::vector<std::string> parts;
  std::vector<std::string> whole;
  for (const auto& x : fs::directory_iterator{directory_}) {
    if (!x.path().filename().string().starts_with(prefix))
      continue;
    auto unfinished = x.path().extension() == unfinished_suffix;
    (unfinished ? parts : whole).push_back(x.path().string());
  }
  for (const auto& path : whole)
    if (auto head = head_of_file(path); head && path == path_of(*head))
      keep_newer(has(log, head->last) ? result.newest : result.coming, *this,
                 *head);
    else
      remove_file(path);
  for (const auto& path : parts)
    if (auto head = head_of_unfinished(path);
        head && path == path_of(*head) + unfinished_suffix
        && (!result.newest || result.newest->last.index < head->last.index))
      keep_newer(result.coming, *this, *head);
    else
      remove_file(path);
  return result;
}

bool shelf::is_whole(const snapshot_head& head) const {
  std::error_code error;
  return fs::exists(path_of(head), error);
}

std::string shelf::taking() const {
  return directory_ + '/' + to_text(group_) + "-taken";
}

void shelf::put(const snapshot_head& head) const {
  give_name(taking(), path_of(head));
}

std::string shelf::path_of(const snapshot_head& head) const {
  return directory_ + '/' + file_name_of(group_, head);
}

void shelf::remove(const snapshot_head& head) const {
  const auto path = path_of(head);
  remove_file(path);
  remove_file(path + unfinished_suffix);
}

std::optional<snapshot_head> head_of_unfinished(const std::string& path) {
  const auto numbers = numbers_in(path);
  lmdb::file_descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!numbers || !file)
    return std::nullopt;
  std::string header(header_head_bytes, '\0');
  read_at(file, path, 0, header);
  if (header.size() < header_head_bytes || !header.starts_with(magic))
    return std::nullopt;
  const auto rest = std::string_view{header}.substr(magic.size());
  auto version = lmdb::from_big_endian<std::uint32_t>(rest);
  auto size = lmdb::from_big_endian<std::uint32_t>(rest.substr(4));
  if (version > format_version || size > description_bytes_max)
    return std::nullopt;
  std::string text(size + checksum_bytes, '\0');
  read_at(file, path, header_head_bytes, text);
  if (text.size() < size + checksum_bytes || !is_sound(header + text, 0))
    return std::nullopt;
  auto about
    = decode_description(std::string_view{text}.substr(0, size), version);
  if (!about)
    return std::nullopt;
  totals counts;
  counts.file_bytes = (*numbers)[0];
  counts.checksum = (*numbers)[1];
  return head_of(*about, counts);
}

} // namespace raft::snapshots
