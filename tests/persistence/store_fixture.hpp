// Stores of all kinds for the same test cases, and batches to write.

#pragma once

#include <raft/persistence/journal_store.hpp>
#include <raft/persistence/store.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace raft {

inline std::ostream& operator<<(std::ostream& out, const entry& x) {
  return out << to_text(x.index) << '@' << to_text(x.term) << " '"
             << x.data.view() << '\'';
}

inline std::ostream& operator<<(std::ostream& out, const log_position& x) {
  return out << to_text(x.index) << '@' << to_text(x.term);
}

template <class Tag>
std::ostream& operator<<(std::ostream& out, strong_number<Tag> x) {
  return out << to_text(x);
}

} // namespace raft

namespace raft::test {

/// The kinds of store, by name.
inline constexpr std::array store_kinds{"memory", "lmdb", "journal"};

/// Those on a disk.
inline constexpr std::array disk_kinds{"lmdb", "journal"};

/// Opens a store on a disk.
inline std::unique_ptr<persistence::store>
open_store(const std::string& kind, const persistence::lmdb_options& options,
           const persistence::journal_options& journal) {
  return kind == "lmdb" ? persistence::open_lmdb_store(options)
                        : persistence::open_journal_store(options, journal);
}

/// A store that can be closed and opened again. A store in memory stays.
class any_store {
public:
  explicit any_store(std::string kind,
                     const std::filesystem::path& place = fast_place())
    : kind_{std::move(kind)}, directory_{place} {
    reopen();
  }

  void reopen() {
    if (kind_ != "memory") {
      store_.reset();
      store_ = open_store(kind_, options(), journal);
    } else if (!store_) {
      store_ = persistence::make_memory_store({"test", {1}, {77}});
    }
  }

  void close() {
    store_.reset();
  }

  /// Goes on as another kind of store on the disk.
  void use(std::string kind) {
    kind_ = std::move(kind);
    reopen();
  }

  /// Opens a store of the same kind, another one or the same once more.
  std::unique_ptr<persistence::store>
  open_again(const persistence::lmdb_options& how) const {
    return open_store(kind_, how, journal);
  }

  persistence::lmdb_options options() const {
    persistence::lmdb_options result;
    result.directory = directory_.path("data");
    result.cluster = "test";
    result.peer = {1};
    result.reserved_space = reserved_space;
    result.writable = writable;
    return result;
  }

  /// For the next `reopen`.
  bool writable = true;

  /// For the next `reopen`. So short that segments are used again and again,
  /// and that some commits fit into none.
  persistence::journal_options journal{3, 16 << 10};

  /// For the next `reopen`. Little, because most tests write little.
  persistence::reserved_space_options reserved_space{0, 64 << 10};

  persistence::store* operator->() const noexcept {
    return store_.get();
  }

  persistence::store& operator*() const noexcept {
    return *store_;
  }

private:
  std::string kind_;
  temporary_directory directory_;
  std::unique_ptr<persistence::store> store_;
};

/// Builds a batch in one expression.
class batch {
public:
  explicit batch(std::uint64_t group = 1) {
    value_.group = {group};
    value_.number = {1};
  }

  operator const persist&() const noexcept {
    return value_;
  }

  const std::vector<entry>& entries() const noexcept {
    return value_.batch.entries;
  }

  batch& term(std::uint64_t value, std::uint64_t vote = 0) {
    value_.batch.hard = {{value}, {vote}};
    return *this;
  }

  batch& truncate(std::uint64_t from) {
    value_.batch.truncate_from = {from};
    return *this;
  }

  /// Adds an entry; the term of the batch rises to its term.
  batch& add(std::uint64_t index, std::uint64_t term,
             const std::string& data = "x") {
    entry x;
    x.index = {index};
    x.term = {term};
    x.kind = entry_kind::command;
    x.time_ms = 1000 + index;
    x.tag = {{7}, index, 1};
    x.data = bytes{data};
    value_.batch.entries.push_back(x);
    auto& hard = value_.batch.hard;
    hard.term = std::max(hard.term, x.term);
    return *this;
  }

  /// Adds entries of one term.
  batch& fill(std::uint64_t first, std::uint64_t last, std::uint64_t term,
              std::size_t size = 8) {
    for (auto i = first; i <= last; ++i)
      add(i, term, std::string(size, static_cast<char>('a' + i % 26)));
    return *this;
  }

  batch& compact(std::uint64_t index, std::uint64_t term) {
    value_.batch.compacted = {{index}, {term}};
    auto& hard = value_.batch.hard;
    hard.term = std::max(hard.term, term_number{term});
    return *this;
  }

  batch& members(membership x) {
    value_.batch.members_changed = true;
    value_.batch.members = {std::move(x), {}};
    return *this;
  }

  /// Resets the log, and does nothing else.
  batch& install(const snapshot_head& head) {
    value_.batch = reset_to(head, value_.batch.hard, {});
    return *this;
  }

  batch& installed() {
    value_.batch.installed = true;
    return *this;
  }

private:
  persist value_;
};

/// The head of some snapshot.
inline snapshot_head make_head(std::uint64_t index, std::uint64_t term) {
  return {{{index}, {term}},     1000 + index,
          {{1}, {{1}, {2}}, {}}, {5},
          9000 + index,          77};
}

inline void commit(const any_store& to, const persist& x) {
  to->commit(std::span{&x, 1});
}

/// All entries of a group, as "index@term" texts.
inline std::vector<std::string> log_of(const any_store& from,
                                       std::uint64_t group = 1) {
  auto state = from->load({group});
  std::vector<std::string> result;
  for (auto& x : from->read({group}, state.compacted.index.next(),
                            state.last.index, ~std::uint64_t{0}))
    result.push_back(to_text(x.index) + '@' + to_text(x.term));
  return result;
}

} // namespace raft::test
