#include <raft/kv/pair_stream.hpp>
#include <raft/persistence/dump_text.hpp>
#include <raft/tools/lib/restore.hpp>

#include <fmt/format.h>

#include <filesystem>

namespace raft::tools {

cluster::restored_store restore_engine(const cluster::configuration& config,
                                       const std::string& file,
                                       const kv::engine_options& engine) {
  namespace fs = std::filesystem;
  const auto data = kv::engine_directory(config.data_directory, config.group);
  // A restored state would take the place of this one.
  if (fs::exists(data) && !fs::exists(config.data_directory + "/data.mdb"))
    throw cluster::restoration_error{fmt::format(
      "'{}' holds key-value data without the log that belongs to "
      "them, so '{}' is not restored there: name an empty directory",
      config.data_directory, file)};
  return cluster::open_restored(
    config, {file, kv::state_format, kv::engine_restorations(engine)});
}

std::string in_words(const snapshots::description& x) {
  return fmt::format(
    "up to entry {} of {} of the cluster '{}' with the id {}; it goes on as a "
    "new cluster, whose id the first leader draws",
    to_text(x.last), persistence::text_of_time(x.time_ms), x.cluster_name,
    to_text(x.cluster));
}

} // namespace raft::tools
