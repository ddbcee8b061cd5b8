#include <raft/tests/scripts/stage.hpp>

#include <algorithm>
#include <optional>

namespace raft::test {

namespace {

/// More steps than any sensible script needs.
constexpr int steps_max = 10'000;

} // namespace

std::vector<std::string> stage::run(const std::string& command) {
  words in{command};
  auto name = in.word("a command");
  auto quiet = name == "quiet:";
  if (quiet)
    name = in.word("a command");
  auto found = commands().find(name);
  if (found == commands().end())
    throw bad_command{"there is no command \"" + name + "\""};
  lines_.clear();
  (this->*found->second)(in);
  in.end();
  if (quiet)
    lines_.clear();
  return std::move(lines_);
}

// -- steps --------------------------------------------------------------------

consensus::output
stage::step(virtual_peer& peer,
            const std::function<consensus::output(virtual_peer&)>& input) {
  portrait before{peer.core()};
  consensus::output out = input(peer);
  for (auto& line :
       tell(peer.id(), before, peer.core(), out, peer.disk().hard()))
    say(std::move(line));
  send(out.messages);
  return out;
}

void stage::boot(virtual_peer& peer, std::size_t tail) {
  auto state = peer.disk().state();
  say(to_text(peer.id()) + " starts: term=" + to_text(state.hard.term)
      + " vote=" + to_text(state.hard.vote) + " last=" + place(state.last)
      + (state.compacted.index
           ? ", without those up to " + place(state.compacted)
           : "")
      + (peer.flushed() ? ", applied up to " + to_text(peer.flushed()) : ""));
  auto out = peer.boot(peer.now(), tail);
  for (auto& line :
       tell(peer.id(), portrait{peer.core()}, peer.core(), out, state.hard))
    say(std::move(line));
  send(out.messages);
}

void stage::connect(peer_id x, peer_id y, bool up) {
  for (auto [self, other] : {pair{x, y}, pair{y, x}}) {
    auto& peer = find(self);
    if (!peer.running())
      continue;
    step(peer, [up, other = other](virtual_peer& p) {
      return up ? p.link_up(other) : p.link_down(other);
    });
  }
}

void stage::send(const std::vector<consensus::message>& messages) {
  std::vector<peer_id> lost;
  for (const auto& msg : messages) {
    pair way{sender_of(msg), receiver_of(msg)};
    if (no_link_.contains(way) || cut_.contains(way))
      lost.push_back(way.second);
    else
      mail_[way].push_back(msg);
  }
  if (!lost.empty())
    say("the network loses it on the way to " + peers(lost));
}

void stage::deliver(const pair& way) {
  auto& mail = mail_[way];
  auto msg = std::move(mail.front());
  mail.pop_front();
  auto& peer = running(way.second);
  say(to_text(way.second) + " receives " + name_of(msg) + " from "
      + to_text(way.first) + ": " + content_of(msg));
  auto out
    = step(peer, [&msg](virtual_peer& p) { return p.receive(widened(msg)); });
  auto is_answer = [&way](const consensus::message& x) {
    return receiver_of(x) == way.first && name_of(x).ends_with("reply");
  };
  auto is_question = !name_of(msg).ends_with("reply");
  if (is_question
      && std::none_of(out.messages.begin(), out.messages.end(), is_answer))
    say(to_text(way.second)
        + (peer.writing() ? " does not answer yet" : " does not answer"));
}

void stage::persist(virtual_peer& peer) {
  const auto& batch = peer.writing()->batch;
  auto before = peer.core().log().durable();
  auto line = to_text(peer.id()) + " has written "
            + content_of(batch, peer.disk().hard());
  auto has_log = !batch.entries.empty() || batch.truncate_from;
  auto at = lines_.size();
  step(peer, [](virtual_peer& p) { return p.complete_write(); });
  auto durable = peer.core().log().durable();
  if (has_log || durable != before) {
    portrait now{peer.core()};
    line += ", is durable to " + place(now.at(durable));
  }
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), line);
}

void stage::read(virtual_peer& peer) {
  const auto& wanted = peer.reading().front().wanted;
  auto result = peer.disk().read(wanted);
  say(to_text(peer.id()) + " has read " + places(result.entries) + " for "
      + to_text(wanted.reader));
  step(peer, [](virtual_peer& p) { return p.complete_read(); });
}

void stage::apply(virtual_peer& peer, std::size_t count) {
  auto n = std::min(count, peer.applying().size());
  for (std::size_t i = 0; i < n; ++i)
    say(to_text(peer.id()) + " applies " + whole(peer.applying()[i]));
  step(peer, [n](virtual_peer& p) { return p.apply(n); });
}

bool stage::settle_once() {
  bool busy = false;
  std::map<pair, std::size_t> waiting;
  for (const auto& [way, mail] : mail_)
    waiting[way] = mail.size();
  for (const auto& [way, count] : waiting) {
    if (!find(way.second).running()) {
      mail_[way].clear();
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      deliver(way);
      busy = true;
    }
  }
  for (auto& peer : peers_) {
    if (!peer.running())
      continue;
    if (peer.writing()) {
      persist(peer);
      busy = true;
    }
    if (!peer.reading().empty()) {
      read(peer);
      busy = true;
    }
    if (!peer.applying().empty()) {
      apply(peer, virtual_peer::whole_log);
      busy = true;
    }
  }
  return busy;
}

void stage::advance(virtual_peer& peer, base::instant to) {
  int steps = 0;
  while (peer.wake_at() <= to) {
    if (++steps > steps_max)
      throw violation{"peer " + to_text(peer.id())
                      + " wants to be woken without end"};
    auto at = std::max(peer.wake_at(), peer.now());
    step(peer, [at](virtual_peer& p) { return p.advance(at); });
  }
  step(peer, [to](virtual_peer& p) { return p.advance(to); });
}

void stage::advance_all(base::instant by) {
  std::map<peer_id, base::instant> from;
  for (const auto& peer : peers_)
    if (peer.running())
      from[peer.id()] = peer.now();
  // Whoever wants to be woken first is woken first.
  for (int steps = 0;; ++steps) {
    if (steps > steps_max)
      throw violation{"some peer wants to be woken without end"};
    std::optional<std::pair<base::instant, peer_id>> first;
    for (const auto& [id, start] : from) {
      auto wait = find(id).wake_at() - start;
      if (wait <= by && (!first || wait < first->first))
        first = {wait, id};
    }
    if (!first)
      break;
    auto& peer = find(first->second);
    auto at = std::max(peer.wake_at(), peer.now());
    step(peer, [at](virtual_peer& p) { return p.advance(at); });
  }
  for (const auto& [id, start] : from)
    advance(find(id), start + by);
}

void stage::advance_to_timeout(virtual_peer& peer) {
  auto led = peer.core().leads();
  for (int steps = 0; steps < steps_max; ++steps) {
    auto at = std::max(peer.wake_at(), peer.now());
    auto before = peer.core().role();
    auto out = step(peer, [at](virtual_peer& p) { return p.advance(at); });
    // A leader is woken for its heartbeats as well, a candidate to ask again,
    // and everybody to try a full disk again.
    auto writes_only = out.batch && out.messages.empty() && out.notes.empty();
    auto asks_only = before == peer_role::candidate
                  && peer.core().role() == peer_role::candidate;
    if (led ? !peer.core().leads() : !writes_only && !asks_only)
      return;
  }
  throw bad_command{"peer " + to_text(peer.id()) + " never times out"};
}

// -- help ---------------------------------------------------------------------

void stage::say(std::string line) {
  lines_.push_back(std::move(line));
}

virtual_peer& stage::find(peer_id x) {
  if (x.value < 1 || x.value > peers_.size())
    throw bad_command{"there is no peer " + to_text(x)};
  return peers_[x.value - 1];
}

virtual_peer& stage::running(peer_id x) {
  auto& result = find(x);
  if (!result.running())
    throw bad_command{"peer " + to_text(x) + " does not run"};
  return result;
}

std::deque<consensus::message>& stage::mail_of_kind(const pair& way,
                                                    words& in) {
  find(way.first);
  find(way.second);
  auto& mail = mail_[way];
  if (mail.empty())
    throw bad_command{"no mail waits on this way"};
  auto kind = in.word("a kind of message, such as append_reply");
  auto name = name_of(mail.front());
  for (char& c : name)
    if (c == ' ' || c == '-')
      c = '_';
  if (name != kind)
    throw bad_command{"the oldest mail on this way is of kind " + name};
  return mail;
}

std::string stage::what_is_first(const pair& way) {
  return to_text(way.first) + "'s " + name_of(mail_[way].front()) + " to "
       + to_text(way.second);
}

} // namespace raft::test
