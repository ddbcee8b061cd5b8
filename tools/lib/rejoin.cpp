#include <raft/client/blocking_client.hpp>
#include <raft/cluster/repair.hpp>
#include <raft/kv/dump.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/links/address.hpp>
#include <raft/snapshots/shelf.hpp>
#include <raft/tools/lib/copy_snapshot.hpp>
#include <raft/tools/lib/directory_copy.hpp>
#include <raft/tools/lib/rejoin.hpp>

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

namespace raft::tools {

namespace {

namespace fs = std::filesystem;
using cluster::restoration_error;
using persistence::store_errc;
using persistence::store_error;

/// How long nothing may come from the others.
constexpr std::chrono::seconds patience{30};

/// One directory.
class repairer {
public:
  repairer(const cluster::configuration& config,
           const kv::engine_options& engine,
           const std::function<void(const std::string&)>& tell)
    : config_{config}, engine_{engine}, tell_{tell} {
    // nop
  }

  std::shared_ptr<persistence::store> run() {
    cluster::check(config_);
    tell_(fmt::format("reads all of {}, because of --rejoin",
                      config_.data_directory));
    open();
    if (auto why = damage(); why.empty())
      tell_("nothing in it is damaged: --rejoin is not needed any more");
    else
      repair(why);
    return std::move(store_);
  }

private:
  void open() {
    if (!fs::exists(config_.data_directory + "/data.mdb")
        && !fs::exists(config_.data_directory + "/raft.lock"))
      throw restoration_error{fmt::format(
        "there is no peer in '{}' that could rejoin its cluster. Are its data "
        "lost? {}",
        config_.data_directory, another_takes_its_place())};
    try {
      store_ = cluster::open_store(config_);
      known_ = store_->load(config_.group);
    } catch (const store_error& e) {
      if (e.code() != store_errc::corrupt)
        throw;
      std::string why{e.what()};
      if (why.ends_with(lmdb::keep_off))
        why.resize(why.size() - std::string_view{lmdb::keep_off}.size());
      throw restoration_error{fmt::format(
        "{}. What is damaged may say what this peer has promised to others, "
        "who cannot tell it. So it cannot rejoin as the same peer; the others "
        "go on without it while they are a majority. {}",
        why, another_takes_its_place())};
    }
    if (known_ == durable_state{})
      throw restoration_error{
        fmt::format("the peer in '{}' was never member of a cluster: start it "
                    "with --bootstrap or --join instead of --rejoin",
                    config_.data_directory)};
  }

  std::string another_takes_its_place() const {
    return fmt::format(
      "Set the directory aside, start a peer with a new id N, --join and an "
      "empty directory, and have it take the place of this one: raftctl member "
      "replace {} N ADDRESS --wait",
      config_.id.value);
  }

  machine::machine_context owner_of_state() const {
    const auto& owner = store_->identity();
    return {config_.group, owner.cluster, owner.peer, owner.incarnation,
            known_.compacted.index};
  }

  std::string damage() const {
    if (auto why = cluster::damage_of_log(*store_, config_.group); !why.empty())
      return why;
    // The next start puts it in its place.
    if (known_.installing.last.index)
      return {};
    if (auto why = kv::damage_of(config_.data_directory, owner_of_state());
        !why.empty())
      return why;
    const auto applied = kv::applied_in(engine_directory(), config_.group);
    if (applied >= known_.compacted.index && applied <= known_.last.index)
      return {};
    return fmt::format("the key-value data have the effects of all entries up "
                       "to {}, and the log begins behind {} and ends with {}",
                       to_text(applied), to_text(known_.compacted),
                       to_text(known_.last));
  }

  void repair(const std::string& why) {
    tell_(fmt::format("needs the state of another member: {}", why));
    snapshots::shelf files{config_.data_directory + "/snapshots",
                           config_.group};
    const auto file = files.taking();
    const auto head = fetch(file, why);
    const auto before = put_aside();
    cluster::repair(*store_, config_.group, head,
                    {file, kv::state_format, kv::engine_restorations(engine_)});
    fs::remove(file);
    tell_(fmt::format("has the state up to entry {} from others now, and goes "
                      "on from there{}",
                      to_text(head.last), before));
  }

  snapshot_head fetch(const std::string& file, const std::string& why) {
    client::client_options options;
    options.cluster = config_.cluster;
    options.group = config_.group;
    client::blocking_client client{others(), options};
    context ctx{client, patience};
    copy_request request;
    request.file = file;
    request.patient = true;
    request.tell = tell_;
    request.objection = [this](const snapshot_head& head) {
      return cluster::objection_to(known_, head);
    };
    snapshot_head result;
    const auto end = copy_snapshot(ctx, request, result);
    if (end.code != exit_code::ok)
      throw restoration_error{fmt::format(
        "this peer needs the state of another member ({}), and gets none: {}. "
        "Nothing was changed. See to it that the others run and have a leader, "
        "and start this one again",
        why, end.message)};
    return result;
  }

  std::vector<links::address> others() const {
    const auto& now = known_.members.current();
    std::vector<links::address> result;
    for (const auto id : members_of(now))
      if (id != config_.id)
        if (auto where = details_of(now, id).address; !where.empty())
          result.push_back(links::parse_address(where));
    for (const auto& x : config_.members)
      if (x.id != config_.id && details_of(now, x.id).address.empty())
        result.push_back(x.where);
    if (result.empty())
      throw restoration_error{
        "this peer is damaged, and knows no other member that could help: "
        "restore a backup (raftd --restore) into an empty directory"};
    return result;
  }

  std::string engine_directory() const {
    return kv::engine_directory(config_.data_directory, config_.group);
  }

  std::string put_aside() const {
    const auto from = engine_directory();
    if (!fs::exists(from))
      return {};
    const auto to = free_name_beside(from, "before-rejoin");
    fs::rename(from, to);
    return fmt::format("; what was there of the key-value data is in '{}', for "
                       "whoever wants to look into it, and may go",
                       to);
  }

  const cluster::configuration& config_;
  const kv::engine_options& engine_;
  const std::function<void(const std::string&)>& tell_;
  std::shared_ptr<persistence::store> store_;
  durable_state known_;
};

} // namespace

std::shared_ptr<persistence::store>
rejoin(const cluster::configuration& config, const kv::engine_options& engine,
       const std::function<void(const std::string&)>& tell) {
  return repairer{config, engine, tell}.run();
}

} // namespace raft::tools
