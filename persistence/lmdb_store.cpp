// The store on the disk.

#include <raft/persistence/lmdb_log.hpp>

#include <algorithm>

namespace raft::persistence {

namespace {

class lmdb_store : public store {
public:
  explicit lmdb_store(const lmdb_options& options) : log_{options, false} {
    log_.begin_start();
  }

  const store_identity& identity() const noexcept override {
    return log_.db().identity();
  }

  void commit(std::span<const persist> batches) override;

  store_memory memory() const override {
    return log_.memory().known();
  }

  void remember(const raft::remember& what) override {
    log_.remember(what);
  }

  void conclude() override {
    log_.conclude(nullptr);
  }

  durable_state load(group_id group) const override {
    return log_.reading([&](const lmdb_reader& x) { return x.load(group); });
  }

  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override {
    return log_.reading([&](const lmdb_reader& x) {
      return x.read(group, first, last, bytes_max);
    });
  }

  std::vector<group_id> groups() const override {
    return log_.reading([](const lmdb_reader& x) { return x.groups(); });
  }

private:
  lmdb_log log_;
};

void lmdb_store::commit(std::span<const persist> batches) {
  check_groups(batches);
  std::vector<std::string> records;
  std::vector<group_write> writes;
  auto needs_space = false;
  for (const auto& x : batches)
    for (const auto& e : x.batch.entries) {
      records.push_back(encode(x.group, e));
      needs_space = needs_space || raft::needs_space(e);
    }
  auto record = records.begin();
  for (const auto& x : batches) {
    auto& to = writes.emplace_back();
    to.group = x.group;
    to.hard = x.batch.hard;
    to.members = x.batch.members_changed ? &x.batch.members : nullptr;
    to.cluster = x.batch.cluster;
    if (x.batch.install.last.index || x.batch.installed)
      to.installing = &x.batch.install;
    to.compacted_time_ms = x.batch.install.time_ms;
    for (const auto& e : x.batch.entries)
      to.entries.push_back({{e.index, e.term}, *record++});
  }
  auto try_to_write = [&] {
    log_.change([&](const lmdb_writer& writer, const lmdb_reader& reader) {
      for (std::size_t i = 0; i < batches.size(); ++i) {
        auto group = batches[i].group;
        writes[i].change
          = change_for(reader.summary(group), batches[i], [&](log_index at) {
              return reader.term_start(group, at).term;
            });
      }
      writer.reserve(writes, !needs_space, false);
      for (const auto& x : writes)
        writer.write(x);
    });
  };
  for (;;)
    try {
      try_to_write();
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space
          || !log_.make_room(groups_of(batches)))
        throw;
    }
}

} // namespace

std::unique_ptr<store> open_lmdb_store(const lmdb_options& options) {
  return std::make_unique<lmdb_store>(options);
}

} // namespace raft::persistence
