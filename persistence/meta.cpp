#include <raft/persistence/meta.hpp>

#include <string>

namespace raft::persistence {

namespace {

constexpr const char* format_key = "format";
constexpr const char* identity_key = "identity";

template <class T>
T read(const lmdb::database& from, const lmdb::transaction& txn,
       const char* key) {
  auto name = std::string{"meta "} + key;
  auto data = txn.get(from.meta, key);
  if (!data)
    from.corrupt(name, "missing");
  T result;
  auto fault = decode(group_id{}, *data, result);
  if (fault != record_fault::none)
    from.corrupt(name, to_text(fault));
  return result;
}

} // namespace

void make_meta(lmdb::transaction& txn, const meta_records& x) {
  auto meta = txn.open_table("meta", MDB_CREATE).value();
  put_format(txn, meta, x.format);
  txn.put(meta, identity_key, encode(group_id{}, x.identity));
}

void put_format(lmdb::transaction& txn, MDB_dbi meta, std::uint32_t format) {
  txn.put(meta, format_key, encode(group_id{}, store_header{format}));
}

meta_records read_meta(const lmdb::database& from, const lmdb::transaction& txn,
                       std::uint32_t known) {
  auto format = read<store_header>(from, txn, format_key).format;
  from.check_format(format, known);
  return {format, read<store_identity>(from, txn, identity_key)};
}

} // namespace raft::persistence
