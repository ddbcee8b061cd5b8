#include <raft/persistence/journaled_tables.hpp>

#include <algorithm>
#include <stdexcept>

namespace raft::persistence {

namespace {

/// Segments hold whole blocks.
journal_options checked(journal_options x) {
  if (const auto* why = complaint_about(x))
    throw std::invalid_argument{why};
  x.segment_bytes -= x.segment_bytes % journal_block;
  return x;
}

} // namespace

journaled_tables::journaled_tables(const lmdb_options& options,
                                   const journal_options& journal)
  : options_{options},
    journal_options_{checked(journal)},
    tables_{options, true},
    log_{tables_, tables_.db().identity().incarnation,
         options.reserved_space.ahead} {
  recover();
  if (!options_.writable)
    return;
  // Until here, nothing was changed.
  if (files_)
    log_.secure();
  tables_.begin_start();
  make_files();
  note_journal();
}

void journaled_tables::recover() {
  // While it is read, another process may write it.
  auto tries = options_.writable ? 1 : 5;
  for (;;)
    try {
      open_journal();
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::corrupt || --tries == 0)
        throw;
    }
}

void journaled_tables::open_journal() {
  auto segments = log_.begin().segments;
  if (segments == 0)
    return;
  files_.emplace(options_.directory, journal_options_, segments,
                 options_.writable);
  for (std::uint32_t i = 0; i < segments; ++i)
    if (files_->is_missing(i))
      throw store_error{store_errc::corrupt, "'" + files_->name(i)
                                               + "' is missing"
                                               + lmdb::keep_off};
  log_.recover(*files_);
}

/// Makes the files that are wanted and not there.
void journaled_tables::make_files() {
  auto wanted = wanted_segments();
  if (files_ && files_->count() >= wanted)
    return;
  auto is_new = !files_;
  if (is_new)
    files_.emplace(options_.directory, journal_options_, wanted, true);
  else
    files_->extend(wanted);
  files_->make();
  if (is_new)
    log_.make(*files_, draw_number());
}

/// Notes what the journal is, and gives up files that are not wanted any more
/// and hold nothing.
void journaled_tables::note_journal() {
  auto segments = std::min(files_->count(),
                           std::max(wanted_segments(), log_.segments_needed()));
  log_.note(segments);
  files_->shrink(segments);
}

} // namespace raft::persistence
