#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journal.hpp>

#include <algorithm>
#include <utility>

namespace raft::persistence {

namespace {

/// How much is read at once when a segment is searched, in bytes.
constexpr std::uint64_t window_bytes = std::uint64_t{4} << 20;

/// Shows a segment piece by piece.
class window {
public:
  window(const journal_files& files, std::uint32_t segment)
    : files_{&files}, segment_{segment}, end_{files.filled(segment)} {
    // nop
  }

  std::uint64_t end() const noexcept {
    return end_;
  }

  /// @pre `offset + size <= end()`.
  std::string_view view(std::uint64_t offset, std::uint64_t size) {
    if (offset < begin_ || offset + size > begin_ + data_.size()) {
      begin_ = offset;
      data_.resize(std::min(std::max(size, window_bytes), end_ - offset));
      files_->read({segment_, offset}, data_);
    }
    return std::string_view{data_}.substr(offset - begin_, size);
  }

private:
  const journal_files* files_;
  std::uint32_t segment_;
  std::uint64_t end_;
  std::uint64_t begin_ = 0;
  std::string data_;
};

} // namespace

journal_files::~journal_files() = default;

std::string journal_file_name(std::uint32_t segment) {
  return "journal." + std::to_string(segment);
}

journal::journal(journal_files& files, journal_key key, std::uint64_t ahead)
  : files_{&files}, key_{key}, ahead_{ahead} {
  // nop
}

// -- what is found ------------------------------------------------------------

void journal::recover(const journal_mark& mark, const visitor& visit) {
  std::vector<found> sound;
  std::vector<found> broken;
  for (std::uint32_t i = 0; i < files_->count(); ++i)
    scan(i, mark.applied, sound, broken);
  std::sort(sound.begin(), sound.end(), [](const auto& x, const auto& y) {
    return x.sequence < y.sequence;
  });
  check(sound, broken, mark);
  last_ = mark.applied;
  released_ = {0, 0, mark.applied + 1};
  for (const auto& x : sound) {
    if (uses_.empty() || uses_.back().segment != x.spot.segment) {
      uses_.push_back({++uses_begun_, x.spot.segment});
      if (uses_begun_ == 1)
        released_ = {1, x.spot.offset, x.sequence};
    }
    auto& now = uses_.back();
    now.end = x.end();
    now.last = last_ = x.sequence;
    journal_record shown{
      x.sequence,
      {now.number,
       static_cast<std::uint32_t>(x.spot.offset + journal_header_bytes),
       x.body_bytes}};
    visit(shown, body_of(x));
    unsecured_ = x;
  }
}

void journal::secure() {
  if (!unsecured_)
    return;
  // After a failed sync, it can be in memory and not on the disk, and count as
  // written.
  std::string whole(unsecured_->end() - unsecured_->spot.offset, '\0');
  files_->read(unsecured_->spot, whole);
  files_->write(unsecured_->spot, whole);
  files_->sync(unsecured_->spot.segment);
  unsecured_.reset();
}

std::uint32_t journal::segments_needed() const {
  std::lock_guard guard{mutex_};
  std::uint32_t result = 0;
  for (const auto& x : uses_)
    result = std::max(result, x.segment + 1);
  return result;
}

/// Looks for records wherever they may begin.
/// @param broken Gets those whose header is sound, and nothing else.
void journal::scan(std::uint32_t segment, std::uint64_t applied,
                   std::vector<found>& sound,
                   std::vector<found>& broken) const {
  window rest{*files_, segment};
  std::uint64_t at = 0;
  while (at + journal_block <= rest.end()) {
    journal_spot spot{segment, at};
    auto header
      = read_journal_header(rest.view(at, journal_header_bytes), key_, spot);
    at += journal_block;
    if (!header)
      continue;
    found x{header->sequence, spot, header->body_bytes};
    auto whole
      = x.end() <= rest.end()
     && is_sound(*header,
                 rest.view(spot.offset + journal_header_bytes, x.body_bytes),
                 key_);
    // What it holds is not taken for records.
    if (whole)
      at = x.end();
    if (x.sequence > applied)
      (whole ? sound : broken).push_back(x);
  }
}

/// That no record is missing between the first and the last.
void journal::check(const std::vector<found>& sound,
                    const std::vector<found>& broken,
                    const journal_mark& mark) const {
  auto expected = mark.applied + 1;
  // Where it should be, as far as one can tell.
  journal_spot spot;
  auto missing = [&](const std::string& behind) {
    for (const auto& x : broken)
      if (x.sequence == expected)
        damaged(expected, x.spot, "has a wrong checksum, and " + behind);
    damaged(expected, spot, "is not there, but " + behind);
  };
  for (const auto& x : sound) {
    if (x.sequence < expected)
      damaged(x.sequence, x.spot, "is there twice");
    if (x.sequence > expected) {
      if (x.spot.segment != spot.segment && x.spot.offset > 0)
        spot = {x.spot.segment, 0};
      missing("record " + std::to_string(x.sequence) + " follows it in '"
              + files_->name(x.spot.segment) + "' at offset "
              + std::to_string(x.spot.offset));
    }
    ++expected;
    spot = {x.spot.segment, x.end()};
  }
  if (expected <= mark.seen)
    missing("the journal had " + std::to_string(mark.seen) + " records");
  // A record is begun when the one before it is on the disk.
  for (const auto& x : broken)
    if (x.sequence > expected)
      missing("the beginning of record " + std::to_string(x.sequence)
              + " follows it in '" + files_->name(x.spot.segment)
              + "' at offset " + std::to_string(x.spot.offset));
}

void journal::damaged(std::uint64_t sequence, journal_spot spot,
                      const std::string& why) const {
  throw store_error{store_errc::corrupt,
                    "record " + std::to_string(sequence) + " of the journal ('"
                      + files_->name(spot.segment) + "', offset "
                      + std::to_string(spot.offset) + ") " + why
                      + lmdb::keep_off};
}

std::string journal::body_of(const found& x) const {
  std::string result(x.body_bytes, '\0');
  files_->read({x.spot.segment, x.spot.offset + journal_header_bytes}, result);
  return result;
}

// -- what is written ----------------------------------------------------------

bool journal::is_free(std::uint32_t segment) const {
  return files_->limit(segment) > 0
      && std::ranges::none_of(uses_, [&](const use& x) {
           return x.segment == segment && x.last >= released_.sequence;
         });
}

bool journal::try_to_hold(std::uint32_t segment, std::uint64_t end) {
  return end <= files_->limit(segment)
      && (end <= files_->filled(segment) || files_->take(segment, end));
}

/// The segment to use next, beginning with the one after that in use, so that
/// they take turns.
std::optional<std::uint32_t> journal::next_segment(std::uint64_t bytes) {
  std::vector<std::uint32_t> free;
  {
    std::lock_guard guard{mutex_};
    auto count = files_->count();
    auto now = uses_.empty() ? count - 1 : uses_.back().segment;
    for (std::uint32_t i = 1; i <= count; ++i)
      if (is_free((now + i) % count))
        free.push_back((now + i) % count);
  }
  for (auto x : free)
    if (try_to_hold(x, bytes))
      return x;
  return std::nullopt;
}

void journal::begin(std::uint32_t segment) {
  std::lock_guard guard{mutex_};
  while (!uses_.empty() && uses_.front().last < released_.sequence)
    uses_.pop_front();
  uses_.push_back({++uses_begun_, segment});
}

journal_room journal::room(std::uint64_t body_bytes) {
  auto bytes = journal_length(body_bytes);
  auto now = [this] {
    std::lock_guard guard{mutex_};
    return uses_.empty() ? std::nullopt : std::optional{uses_.back()};
  }();
  if (now && try_to_hold(now->segment, now->end + bytes))
    return journal_room::found;
  if (auto next = next_segment(bytes)) {
    begin(*next);
    return journal_room::found;
  }
  for (std::uint32_t i = 0; i < files_->count(); ++i)
    if (try_to_hold(i, bytes))
      return journal_room::later;
  return journal_room::never;
}

journal_record journal::append(std::string& record) {
  auto body_bytes = record.size() - journal_header_bytes;
  use now;
  std::uint64_t sequence = 0;
  {
    std::lock_guard guard{mutex_};
    now = uses_.back();
    sequence = last_ + 1;
  }
  journal_spot spot{now.segment, now.end};
  seal_journal_record(record, key_, spot, sequence);
  files_->write(spot, record);
  files_->sync(spot.segment);
  {
    std::lock_guard guard{mutex_};
    auto& in_use = uses_.back();
    in_use.end = spot.offset + record.size();
    in_use.last = last_ = sequence;
  }
  fill_ahead();
  return {sequence,
          {now.number,
           static_cast<std::uint32_t>(spot.offset + journal_header_bytes),
           static_cast<std::uint32_t>(body_bytes)}};
}

/// Has room taken in the background, before it is needed.
void journal::fill_ahead() {
  std::uint32_t next = 0;
  use now;
  {
    std::lock_guard guard{mutex_};
    now = uses_.back();
    auto count = files_->count();
    for (next = (now.segment + 1) % count;
         next != now.segment && !is_free(next);)
      next = (next + 1) % count;
  }
  auto limit = files_->limit(now.segment);
  auto wanted = now.end + ahead_;
  if (ahead_ == 0)
    return;
  files_->keep(now.segment, std::min(limit, wanted));
  if (wanted > limit && next != now.segment)
    files_->keep(next, std::min(files_->limit(next), wanted - limit));
}

std::uint64_t journal::skip() {
  std::lock_guard guard{mutex_};
  released_.sequence = ++last_ + 1;
  return last_;
}

std::uint64_t journal::last() const {
  std::lock_guard guard{mutex_};
  return last_;
}

// -- what is read -------------------------------------------------------------

journal_cursor journal::oldest() const {
  std::lock_guard guard{mutex_};
  return released_;
}

std::optional<std::string> journal::next(journal_cursor& at) const {
  std::uint32_t segment = 0;
  {
    std::lock_guard guard{mutex_};
    auto in = std::ranges::find_if(
      uses_, [&](const use& x) { return x.number >= at.use; });
    for (; in != uses_.end(); ++in) {
      if (in->number != at.use)
        at = {in->number, 0, at.sequence};
      if (at.offset < in->end)
        break;
    }
    if (in == uses_.end())
      return std::nullopt;
    segment = in->segment;
  }
  journal_spot spot{segment, at.offset};
  std::string head(journal_header_bytes, '\0');
  files_->read(spot, head);
  auto header = read_journal_header(head, key_, spot);
  if (!header || header->sequence != at.sequence)
    damaged(at.sequence, spot, "is no longer there");
  found x{at.sequence, spot, header->body_bytes};
  if (x.end() > files_->filled(segment))
    damaged(at.sequence, spot, "ends beyond its file");
  auto body = body_of(x);
  if (!is_sound(*header, body, key_))
    damaged(at.sequence, spot, "has a wrong checksum");
  at.offset = x.end();
  ++at.sequence;
  return body;
}

void journal::release(const journal_cursor& to) {
  std::lock_guard guard{mutex_};
  released_ = to;
  // The last one is written to.
  while (uses_.size() > 1 && uses_.front().last < to.sequence)
    uses_.pop_front();
}

bool journal::is_due(const journal_cursor& at) const {
  std::lock_guard guard{mutex_};
  for (std::uint32_t i = 0; i < files_->count(); ++i)
    if (is_free(i))
      return false;
  if (uses_.size() < 2)
    return false;
  const auto& first = uses_.front();
  const auto& now = uses_.back();
  if (at.use > first.number)
    return false;
  auto limit = std::max<std::uint64_t>(files_->limit(now.segment), 1);
  // Twice as fast as the last one fills up.
  return at.offset * limit <= 2 * now.end * first.end;
}

std::optional<std::uint32_t>
journal::segment_of(const journal_place& place) const {
  std::lock_guard guard{mutex_};
  for (const auto& x : uses_)
    if (x.number == place.use)
      return x.segment;
  return std::nullopt;
}

std::string journal::where(const journal_place& place) const {
  auto in = segment_of(place);
  return (in ? files_->name(*in) : std::string{"gone"}) + ", offset "
       + std::to_string(place.offset);
}

std::optional<std::string> journal::read(const journal_place& place) const {
  auto in = segment_of(place);
  if (!in)
    return std::nullopt;
  std::string result(place.bytes, '\0');
  files_->read({*in, place.offset}, result);
  // It could have been overwritten while it was read.
  return segment_of(place) ? std::optional{std::move(result)} : std::nullopt;
}

} // namespace raft::persistence
