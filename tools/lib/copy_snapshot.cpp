#include <raft/client/blocking_client.hpp>
#include <raft/links/address.hpp>
#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_receiver.hpp>
#include <raft/snapshots/snapshot_writer.hpp>
#include <raft/tools/lib/all_peers.hpp>
#include <raft/tools/lib/copy_snapshot.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace raft::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool answers(const client::server_state& x) {
  return x.error.empty();
}

// -- the file -----------------------------------------------------------------

/// The file that is being written, beside its name. It goes with this object,
/// unless it was finished.
class unfinished_file {
public:
  /// @throws snapshots::snapshot_error if another process writes it, or it
  ///         cannot be made; machine::no_space
  explicit unfinished_file(std::string path) : path_{std::move(path)} {
    clear();
  }

  unfinished_file(const unfinished_file&) = delete;
  unfinished_file& operator=(const unfinished_file&) = delete;

  ~unfinished_file() {
    if (!finished_)
      ::unlink((path_ + snapshots::unfinished_suffix).c_str());
  }

  /// Goes on with what is there of this snapshot, or begins it.
  snapshots::snapshot_receiver& begin(const snapshot_head& head) {
    if (!into_ || head_ != head) {
      into_.reset();
      clear();
      head_ = head;
      into_.emplace(path_, head);
    }
    return *into_;
  }

  void finish() {
    into_->finish();
    finished_ = true;
  }

private:
  /// What a process has left that was killed is of another snapshot.
  void clear() const {
    const auto name = path_ + snapshots::unfinished_suffix;
    auto file = snapshots::open_unfinished(name);
    if (::ftruncate(file.get(), 0) != 0)
      snapshots::fail_to("empty", name);
  }

  std::string path_;
  snapshot_head head_;
  std::optional<snapshots::snapshot_receiver> into_;
  bool finished_ = false;
};

/// One snapshot, from whoever can give one.
class copier {
public:
  copier(context& ctx, const copy_request& what)
    : ctx_{ctx}, what_{what}, file_{what.file} {
    // nop
  }

  /// Tries all that there are, again and again until nothing has come for long.
  verdict run(snapshot_head& got) {
    verdict result;
    for (auto first = true;; first = false) {
      auto all = ask_all(ctx_.client);
      if (auto why = mixed_clusters(all); !why.empty())
        return {exit_code::unreachable, why};
      auto who = snapshot_sources(all, what_.from);
      if (who.empty())
        result = nobody_to_ask(all, what_.from);
      for (const auto& x : who)
        if (copy_from(x, needed_of(all), got, result))
          return {};
      if ((first && who.empty() && !what_.patient)
          || steady_clock::now() >= until_)
        return result;
      std::this_thread::sleep_for(pause);
    }
  }

private:
  static constexpr milliseconds pause{200};

  void tell(const std::string& what) const {
    if (what_.tell)
      what_.tell(what);
  }

  void moved() {
    until_ = steady_clock::now() + ctx_.timeout;
  }

  /// @returns whether all of it is there; if not, says why in `result`.
  bool copy_from(const client::server_state& who, const needed_entries& needed,
                 snapshot_head& got, verdict& result) {
    try {
      if (!needed.known && !std::exchange(warned_, true))
        tell("no peer that answers leads, so what was acknowledged last may be "
             "missing");
      got = wait_for_snapshot(ctx_, who, needed.index);
      if (auto why = what_.objection ? what_.objection(got) : std::string{};
          !why.empty())
        throw client::client_error{why};
      moved();
      while (!read(who, got))
        ;
      return true;
    } catch (const client::client_error& e) {
      if (result.message != e.what())
        tell(fmt::format("{} gives no snapshot, or no more of it: {}",
                         name_of(who), e.what()));
      result = {exit_code::unreachable, e.what()};
      return false;
    }
  }

  /// @returns whether all of it is there, or some more before there was
  ///          trouble.
  /// @throws client::client_error if there was only trouble.
  bool read(const client::server_state& who, const snapshot_head& head) {
    auto& to = file_.begin(head);
    const auto before = to.received();
    try {
      ctx_.client.read_snapshot(
        who.where, head, before,
        [&](std::string_view part) {
          to.write(part);
          moved();
          sync_now_and_then(to);
        },
        ctx_.timeout);
      file_.finish();
      return true;
    } catch (const client::client_error& e) {
      if (to.received() == before)
        throw;
      tell(fmt::format("{}; goes on at byte {} of {}", e.what(), to.received(),
                       head.size));
      return false;
    }
  }

  /// One sync of all at the end could hold up everything on that disk.
  static void sync_now_and_then(snapshots::snapshot_receiver& to) {
    if (to.received() - to.stored() >= snapshots::write_options{}.sync_bytes)
      to.sync();
  }

  context& ctx_;
  const copy_request& what_;
  unfinished_file file_;
  steady_clock::time_point until_ = steady_clock::now() + ctx_.timeout;
  bool warned_ = false;
};

} // namespace

snapshot_head wait_for_snapshot(context& ctx, const client::server_state& who,
                                log_index needed) {
  for (;;) {
    auto found = ctx.client.take_snapshot(who.where, needed, ctx.timeout);
    if (found)
      return *found;
    // Whoever leads now has all that was acknowledged before as well, and what
    // the one before did not get through may never come.
    auto now = needed_of(ask_all(ctx.client));
    if (now.known)
      needed = std::min(needed, now.index);
    ctx.client.state(who.where);
  }
}

verdict copy_snapshot(context& ctx, const copy_request& what,
                      snapshot_head& got) {
  return copier{ctx, what}.run(got);
}

// -- decisions ----------------------------------------------------------------

verdict nobody_to_ask(const server_states& all, peer_id which) {
  std::string why;
  for (const auto& x : all)
    if (!answers(x))
      why += "; " + x.error;
    else if (!x.state.kept_out.text.empty())
      why += fmt::format("; {} takes no part: {}", name_of(x),
                         x.state.kept_out.text);
  auto who
    = which ? fmt::format("peer {} is not among those that answer", which.value)
            : "no peer can give a snapshot";
  return {exit_code::unreachable, who + why};
}

std::string name_of(const client::server_state& x) {
  return fmt::format("peer {} at {}", x.state.id.value,
                     links::to_text(x.where));
}

server_states snapshot_sources(const server_states& all, peer_id which) {
  server_states result;
  std::copy_if(all.begin(), all.end(), std::back_inserter(result),
               [which](const client::server_state& x) {
                 return answers(x) && x.state.kept_out.reason == exclusion::none
                     && (!which || x.state.id == which);
               });
  const auto rank = [](const client::server_state& x) {
    return std::tuple{x.state.role == peer_role::leader,
                      ~x.state.applied.value};
  };
  std::stable_sort(
    result.begin(), result.end(),
    [&](const auto& x, const auto& y) { return rank(x) < rank(y); });
  return result;
}

needed_entries needed_of(const server_states& all) {
  needed_entries result;
  term_number term;
  for (const auto& x : all) {
    if (!answers(x) || x.state.kept_out.reason != exclusion::none)
      continue;
    if (x.state.role == peer_role::leader && x.state.term >= term) {
      result = {x.state.last, true};
      term = x.state.term;
    } else if (!result.known) {
      result.index = std::max(result.index, x.state.applied);
    }
  }
  return result;
}

std::string mixed_clusters(const server_states& all) {
  const client::server_state* first = nullptr;
  for (const auto& x : all) {
    if (!answers(x) || !x.state.cluster)
      continue;
    if (!first)
      first = &x;
    else if (first->state.cluster != x.state.cluster)
      return fmt::format(
        "{} is of the cluster {}, and {} of {}: name the peers of one",
        name_of(*first), to_text(first->state.cluster), name_of(x),
        to_text(x.state.cluster));
  }
  return {};
}

} // namespace raft::tools
