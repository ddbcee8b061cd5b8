#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journal_view.hpp>
#include <raft/persistence/lmdb_reader.hpp>

namespace raft::persistence {

namespace {

/// How often it is read anew, if a process writes it meanwhile.
constexpr auto tries_max = 5;

} // namespace

journal_view::journal_view(const lmdb_database& db)
  : db_{&db}, logs_{std::uint64_t{4096}} {
  for (auto i = 1;; ++i)
    try {
      load();
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::corrupt || i == tries_max)
        throw;
    }
}

void journal_view::load() {
  records_.clear();
  {
    auto txn = db_->begin_read();
    lmdb_reader tables{*db_, txn};
    mark_ = tables.journal();
    if (!mark_)
      return;
    logs_.load(tables);
  }
  files_.emplace(db_->directory(), journal_options{}, mark_->segments, false);
  for (std::uint32_t i = 0; i < mark_->segments; ++i)
    if (files_->is_missing(i))
      throw store_error{store_errc::corrupt, "'" + files_->name(i)
                                               + "' is missing"
                                               + lmdb::keep_off};
  journal_key key{mark_->secret, db_->identity().incarnation};
  journal_.emplace(*files_, key, 0);
  journal_->recover(*mark_, [this](const auto& at, auto body) {
    std::vector<journaled_batch> batches;
    auto fault = decode(body, batches);
    auto name = "journal " + std::to_string(at.sequence);
    if (fault != record_fault::none)
      db_->corrupt(name, to_text(fault));
    if (!logs_.apply(batches, &at))
      db_->corrupt(name, "does not follow what is before it");
    records_.push_back({at.sequence, at.place});
  });
}

void journal_view::visit(
  const std::function<void(const std::string& where, std::uint64_t sequence,
                           std::size_t bytes,
                           const std::vector<journaled_batch>&)>& how) const {
  for (const auto& x : records_) {
    auto body = journal_->read(x.place);
    std::vector<journaled_batch> batches;
    if (!body || decode(*body, batches) != record_fault::none)
      continue; // written over meanwhile
    how(journal_->where(x.place), x.sequence, body->size(), batches);
  }
}

std::optional<std::string>
journal_view::read(const journal_place& place) const {
  return journal_->read(place);
}

} // namespace raft::persistence
