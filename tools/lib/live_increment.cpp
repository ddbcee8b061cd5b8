// Copies what came since an older backup: the entries, from whoever has them.

#include <raft/base/clock.hpp>
#include <raft/client/client_options.hpp>
#include <raft/machine/durability.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/tools/lib/all_peers.hpp>
#include <raft/tools/lib/backup.hpp>
#include <raft/tools/lib/increment.hpp>
#include <raft/tools/lib/live_backup.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace raft::tools {

namespace {

using std::chrono::steady_clock;

/// The entries behind a backup, from whoever has them.
class entries_copier {
public:
  entries_copier(context& ctx, const backup_request& what)
    : ctx_{ctx},
      what_{what},
      old_{snapshots::snapshot_reader{what.since}.about()} {
    // nop
  }

  /// Tries all that there are, again and again until nothing has come for long.
  verdict run() {
    for (;;) {
      const auto all = ask_all(ctx_.client);
      const auto who = snapshot_sources(all, what_.from);
      if (auto why = mixed_clusters(all); !why.empty())
        return {exit_code::unreachable, why};
      if (who.empty() && !file_)
        return nobody_to_ask(all, what_.from);
      if (auto why = objection(who, needed_of(all)); why.code != exit_code::ok)
        return why;
      std::string trouble = "no peer answers";
      for (const auto& x : who)
        if (x.state.first <= next() && copy_from(x, needed_of(all), trouble))
          return {};
      if (steady_clock::now() >= until_)
        return {exit_code::unreachable, trouble};
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
  }

private:
  log_index next() const noexcept {
    return file_ ? file_->next() : old_.last.index.next();
  }

  /// Why none of them can help, now or later.
  verdict objection(const std::vector<client::server_state>& who,
                    const needed_entries& needed) const {
    if (who.empty())
      return {};
    for (const auto& x : who)
      if (x.state.cluster && x.state.cluster != old_.cluster)
        return {exit_code::usage,
                fmt::format("'{}' is of the cluster with the id {}, and {} of "
                            "{}: take a full backup",
                            what_.since, to_text(old_.cluster), name_of(x),
                            to_text(x.state.cluster))};
    if (needed.known && needed.index < old_.last.index)
      return {exit_code::usage,
              fmt::format("'{}' ends with entry {}, and the leader's log with "
                          "{}: they do not belong together",
                          what_.since, old_.last.index.value,
                          needed.index.value)};
    const auto best = std::ranges::min_element(
      who, {}, [](const auto& x) { return x.state.first; });
    if (best->state.first <= next())
      return {};
    return {
      exit_code::no,
      fmt::format("the entries after {} were dropped from the logs, which "
                  "begin with entry {}: take a full backup",
                  next().previous().value, best->state.first.value)};
  }

  /// @returns whether all of it is there; if not, says why in `trouble`.
  bool copy_from(const client::server_state& who, const needed_entries& needed,
                 std::string& trouble) {
    try {
      if (!file_)
        begin(who, std::max(needed.index, old_.last.index));
      if (file_->next() <= end_)
        read(who);
      file_->finish();
      return true;
    } catch (const client::client_error& e) {
      trouble = e.what();
      std::cerr << fmt::format("raftctl: {} gives no entries, or no more: {}\n",
                               name_of(who), trouble);
      return false;
    }
  }

  /// Looks at the last one first: the file begins with what it is of.
  void begin(const client::server_state& who, log_index last) {
    auto about = old_;
    if (last > old_.last.index)
      ctx_.client.read_entries(
        who.where, last,
        [&](std::vector<entry> some) {
          about.last = {some.front().index, some.front().term};
          about.time_ms = some.front().time_ms;
          return false;
        },
        ctx_.timeout);
    about.members.voters = who.state.members;
    about.taken_by = who.state.id;
    about.taken_ms = base::clocks{}.wall_ms();
    end_ = about.last.index;
    file_.emplace(what_.file, about, old_.last);
    moved();
  }

  void read(const client::server_state& who) {
    ctx_.client.read_entries(
      who.where, file_->next(),
      [&](const std::vector<entry>& some) {
        for (const auto& x : some)
          if (x.index <= end_)
            file_->add(x);
        moved();
        return file_->next() <= end_;
      },
      ctx_.timeout);
  }

  void moved() {
    until_ = steady_clock::now() + ctx_.timeout;
  }

  context& ctx_;
  const backup_request& what_;
  snapshots::description old_;
  std::optional<increment_writer> file_;
  log_index end_;
  steady_clock::time_point until_ = steady_clock::now() + ctx_.timeout;
};

} // namespace

verdict back_up_increment(context& ctx, const backup_request& what) {
  if (auto why = complaint_about(what.file, what.force);
      why.code != exit_code::ok)
    return why;
  try {
    if (auto why = entries_copier{ctx, what}.run(); why.code != exit_code::ok) {
      why.message += fmt::format("; '{}' was not written", what.file);
      return why;
    }
    show_increment(what.file, std::cout);
    return {};
  } catch (const machine::no_space& e) {
    return {exit_code::usage, e.what()};
  } catch (const snapshots::snapshot_error& e) {
    return {exit_code::usage, e.what()};
  }
}

} // namespace raft::tools
