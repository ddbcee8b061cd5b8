// The commands of scripts, as tests/scripts/README.md describes them.

#include <raft/messages/text.hpp>
#include <raft/tests/scripts/stage.hpp>

#include <algorithm>

namespace raft::test {

namespace {

using std::chrono::milliseconds;

/// Sets one of the settings that a script may choose.
void set(consensus::settings& config, const std::string& key,
         const std::string& value) {
  auto ms = [](const std::string& x) {
    return milliseconds{static_cast<std::int64_t>(to_number(x))};
  };
  if (key == "heartbeat") {
    config.heartbeat_interval = ms(value);
  } else if (key == "election") {
    auto dots = value.find("..");
    if (dots == std::string::npos)
      throw bad_command{"expected election=MIN..MAX"};
    config.election_timeout_min = ms(value.substr(0, dots));
    config.election_timeout_max = ms(value.substr(dots + 2));
  } else if (key == "batches_under_way") {
    config.batches_under_way_max = to_number(value);
  } else if (key == "requests_in_flight") {
    config.requests_in_flight_max = to_number(value);
  } else if (key == "bytes_in_flight") {
    config.bytes_in_flight_max = to_number(value);
  } else if (key == "frame_bytes") {
    config.frame_bytes_max = to_number(value);
  } else if (key == "wire_bytes") {
    config.wire_bytes_max = to_number(value);
  } else if (key == "batch_bytes") {
    config.batch_bytes_max = to_number(value);
  } else if (key == "command_bytes") {
    config.command_bytes_max = to_number(value);
  } else if (key == "uncommitted_bytes") {
    config.uncommitted_bytes_max = to_number(value);
  } else if (key == "undurable_bytes") {
    config.undurable_bytes_max = to_number(value);
  } else if (key == "applying_bytes") {
    config.applying_bytes_max = to_number(value);
  } else if (key == "unapplied_bytes") {
    config.unapplied_bytes_max = to_number(value);
  } else if (key == "compaction_bytes") {
    config.compaction_bytes_min = to_number(value);
  } else if (key == "log_kept") {
    config.log_bytes_kept = to_number(value);
  } else if (key == "disk_retry") {
    config.disk_retry_interval = ms(value);
  } else if (key == "lease_drift") {
    config.lease_drift_ppm = to_number(value);
  } else if (key == "memory_bytes") {
    config.log_bytes_in_memory = to_number(value);
  } else {
    throw bad_command{"there is no setting \"" + key + "\""};
  }
}

} // namespace

const std::map<std::string, stage::command>& stage::commands() {
  static const std::map<std::string, command> result{
    {"advance", &stage::do_advance},
    {"apply", &stage::do_apply},
    {"cluster", &stage::do_cluster},
    {"crash", &stage::do_crash},
    {"cut", &stage::do_cut},
    {"deliver", &stage::do_deliver},
    {"disk", &stage::do_disk},
    {"drop", &stage::do_drop},
    {"duplicate", &stage::do_duplicate},
    {"elect", &stage::do_elect},
    {"flush", &stage::do_flush},
    {"heal", &stage::do_heal},
    {"link", &stage::do_link},
    {"log", &stage::do_log},
    {"mail", &stage::do_mail},
    {"persist", &stage::do_persist},
    {"progress", &stage::do_progress},
    {"read", &stage::do_read},
    {"refuse", &stage::do_refuse},
    {"reorder", &stage::do_reorder},
    {"restart", &stage::do_restart},
    {"settle", &stage::do_settle},
    {"stall", &stage::do_stall},
    {"start", &stage::do_start},
    {"status", &stage::do_status},
    {"transfer", &stage::do_transfer},
  };
  return result;
}

// -- peers --------------------------------------------------------------------

void stage::do_cluster(words& in) {
  if (!peers_.empty())
    throw bad_command{"there is a cluster already"};
  auto size = in.number("a number of peers");
  if (size < 1 || size > 9)
    throw bad_command{"a cluster has 1 to 9 peers"};
  auto down = in.take("down");
  for (const auto& [key, value] : in.options())
    set(config_, key, value);
  if (auto complaint = consensus::complaint_about(config_))
    throw bad_command{complaint};
  std::vector<peer_id> voters;
  for (std::uint64_t i = 1; i <= size; ++i)
    voters.push_back({i});
  for (auto id : voters)
    peers_.emplace_back(id, config_, voters, id.value);
  if (down)
    return;
  for (auto& peer : peers_)
    boot(peer, virtual_peer::whole_log);
  for (auto x : voters)
    for (auto y : voters)
      if (x < y)
        connect(x, y, true);
}

void stage::do_disk(words& in) {
  auto& peer = find(in.peer());
  if (peer.running())
    throw bad_command{"its process runs"};
  hard_state hard;
  std::vector<entry> entries;
  for (const auto& [key, value] : in.options()) {
    if (key == "term") {
      hard.term = {to_number(value)};
    } else if (key == "vote") {
      hard.vote = {to_number(value)};
    } else if (key == "log") {
      for (const auto& term : split(value, ',')) {
        entry e{{to_number(term)},
                {entries.size() + 1},
                entry_kind::command,
                0,
                {},
                {}};
        e.data = bytes{place({e.index, e.term})};
        entries.push_back(std::move(e));
      }
    } else {
      throw bad_command{"a disk has no \"" + key + "\""};
    }
  }
  peer.disk().preset(hard, std::move(entries));
}

void stage::do_crash(words& in) {
  auto& peer = running(in.peer());
  auto fate
    = in.take("after-write") ? unfinished_write::kept : unfinished_write::lost;
  if (fate == unfinished_write::kept && !peer.writing())
    throw bad_command{"it writes nothing"};
  auto line = to_text(peer.id()) + " crashes";
  if (peer.writing())
    line += std::string{fate == unfinished_write::kept ? " after" : " before"}
          + " it has written "
          + content_of(peer.writing()->batch, peer.disk().hard());
  say(line);
  peer.crash(fate);
  for (auto& other : peers_)
    if (other.running() && !no_link_.contains({peer.id(), other.id()}))
      connect(peer.id(), other.id(), false);
}

void stage::do_restart(words& in) {
  auto all = in.take("all");
  std::vector<peer_id> ids;
  if (!all)
    ids.push_back(find(in.peer()).id());
  auto tail = virtual_peer::whole_log;
  for (const auto& [key, value] : in.options()) {
    if (key != "tail")
      throw bad_command{"a restart has no \"" + key + "\""};
    tail = to_number(value);
  }
  for (const auto& peer : peers_)
    if (all && !peer.running())
      ids.push_back(peer.id());
  for (auto id : ids) {
    if (find(id).running())
      throw bad_command{"peer " + to_text(id) + " runs"};
    boot(find(id), tail);
    for (const auto& other : peers_)
      if (other.running() && other.id() != id
          && !no_link_.contains({id, other.id()}))
        connect(id, other.id(), true);
  }
}

void stage::do_start(words& in) {
  auto& peer = running(in.peer());
  auto text = in.word("a command in quotes");
  started answer;
  step(peer, [&](virtual_peer& p) { return p.start(bytes{text}, answer); });
  if (!answer.index) {
    auto knows = answer.leader && answer.leader != peer.id();
    say(to_text(peer.id()) + " rejects \"" + text
        + "\": " + to_text(answer.reason)
        + (knows ? ", " + to_text(answer.leader) + " leads" : ""));
    return;
  }
  // The step told the place but not the command.
  auto told
    = to_text(peer.id()) + " appends " + place({answer.index, answer.term});
  auto line = std::find(lines_.begin(), lines_.end(), told);
  if (line == lines_.end())
    throw violation{"what was accepted is not where it was said to be"};
  *line += " \"" + text + "\"";
}

void stage::do_transfer(words& in) {
  auto& peer = running(in.peer());
  auto target = in.peer();
  step(peer, [target](virtual_peer& x) { return x.transfer(target); });
}

void stage::do_persist(words& in) {
  auto& peer = running(in.peer());
  if (!peer.writing())
    throw bad_command{"it writes nothing"};
  persist(peer);
}

void stage::do_refuse(words& in) {
  auto& peer = running(in.peer());
  if (!peer.writing())
    throw bad_command{"it writes nothing"};
  say(to_text(peer.id()) + " finds no room for "
      + content_of(peer.writing()->batch, peer.disk().hard()));
  step(peer, [](virtual_peer& p) { return p.refuse_write(); });
}

void stage::do_flush(words& in) {
  auto& peer = running(in.peer());
  auto at = lines_.size();
  step(peer, [](virtual_peer& p) { return p.flush(); });
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at),
                to_text(peer.id()) + "'s state machine is on its disk up to "
                  + to_text(peer.core().applied_durable()));
}

void stage::do_read(words& in) {
  auto& peer = running(in.peer());
  if (peer.reading().empty())
    throw bad_command{"it reads nothing"};
  read(peer);
}

void stage::do_apply(words& in) {
  auto& peer = running(in.peer());
  auto count = in.empty() ? virtual_peer::whole_log : in.number("a count");
  if (peer.applying().empty())
    throw bad_command{"it has nothing to apply"};
  apply(peer, count);
}

// -- mail ---------------------------------------------------------------------

void stage::do_deliver(words& in) {
  auto way = in.pair();
  auto all = in.take("all");
  if (!all)
    mail_of_kind(way, in);
  running(way.second);
  auto count = all ? mail_[way].size() : 1;
  if (count == 0)
    throw bad_command{"no mail waits on this way"};
  for (std::size_t i = 0; i < count; ++i)
    deliver(way);
}

void stage::do_drop(words& in) {
  auto way = in.pair();
  auto all = in.take("all");
  auto& mail = all ? mail_[way] : mail_of_kind(way, in);
  auto count = all ? mail.size() : 1;
  if (count == 0)
    throw bad_command{"no mail waits on this way"};
  for (std::size_t i = 0; i < count; ++i) {
    say("the network loses " + what_is_first(way));
    mail.pop_front();
  }
}

void stage::do_duplicate(words& in) {
  auto way = in.pair();
  auto& mail = mail_of_kind(way, in);
  say("the network doubles " + what_is_first(way));
  mail.push_back(mail.front());
}

void stage::do_reorder(words& in) {
  auto way = in.pair();
  auto& mail = mail_of_kind(way, in);
  say("the network delays " + what_is_first(way));
  mail.push_back(mail.front());
  mail.pop_front();
}

void stage::do_link(words& in) {
  auto x = find(in.peer()).id();
  auto y = find(in.peer()).id();
  auto up = in.take("up");
  if (x == y || (!up && !in.take("down")))
    throw bad_command{"expected: link PEER PEER up|down"};
  if (up != no_link_.contains({x, y}))
    throw bad_command{"that is how it is"};
  for (auto way : {pair{x, y}, pair{y, x}}) {
    if (up) {
      no_link_.erase(way);
    } else {
      no_link_.insert(way);
      mail_[way].clear();
    }
  }
  connect(x, y, up);
}

void stage::do_cut(words& in) {
  auto text = in.word("a peer or a pair");
  if (text.find("->") != std::string::npos) {
    cut_.insert(words{text}.pair());
    return;
  }
  auto x = find({to_number(text)}).id();
  for (const auto& other : peers_) {
    if (other.id() == x)
      continue;
    for (auto way : {pair{x, other.id()}, pair{other.id(), x}}) {
      cut_.insert(way);
      mail_[way].clear();
    }
  }
}

void stage::do_heal(words&) {
  cut_.clear();
}

// -- time ---------------------------------------------------------------------

void stage::do_advance(words& in) {
  auto first = in.number("a peer or milliseconds");
  if (in.empty()) {
    advance_all(milliseconds{static_cast<std::int64_t>(first)});
    return;
  }
  auto& peer = running({first});
  if (!in.take("to")) {
    milliseconds by{static_cast<std::int64_t>(in.number("milliseconds"))};
    advance(peer, peer.now() + by);
    return;
  }
  if (!in.take("timeout"))
    throw bad_command{"expected: advance PEER to timeout"};
  advance_to_timeout(peer);
}

void stage::do_stall(words& in) {
  auto& peer = running(in.peer());
  milliseconds by{static_cast<std::int64_t>(in.number("milliseconds"))};
  auto to = peer.now() + by;
  step(peer, [to](virtual_peer& p) { return p.advance(to); });
}

// -- many things --------------------------------------------------------------

void stage::do_settle(words&) {
  for (int rounds = 0; settle_once(); ++rounds)
    if (rounds > 1000)
      throw violation{"the cluster does not settle"};
}

void stage::do_elect(words& in) {
  auto& peer = running(in.peer());
  // The others must not have heard from a leader for the minimum timeout, but
  // must not time out themselves.
  for (auto& other : peers_)
    if (other.running() && !other.core().leads() && other.id() != peer.id())
      advance(other, std::min<base::instant>(
                       other.now() + config_.election_timeout_min,
                       other.wake_at() - milliseconds{1}));
  advance_to_timeout(peer);
  do_settle(in);
  if (!peer.core().leads())
    throw bad_command{"the election of peer " + to_text(peer.id()) + " failed"};
}

} // namespace raft::test
