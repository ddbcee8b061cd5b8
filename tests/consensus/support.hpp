// Drives cores by hand, in virtual time, without threads or disks.

#pragma once

#include <raft/consensus/core.hpp>
#include <raft/consensus/invariants.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace raft {

template <class Tag>
std::ostream& boost_test_print_type(std::ostream& out, strong_number<Tag> x) {
  return out << x.value;
}

inline std::ostream& boost_test_print_type(std::ostream& out,
                                           const log_position& x) {
  return out << to_text(x);
}

inline std::ostream& boost_test_print_type(std::ostream& out, peer_role x) {
  return out << consensus::to_text(x);
}

} // namespace raft

namespace raft::consensus::test {

using namespace std::chrono_literals;

inline constexpr group_id group{1};

inline membership voters(std::size_t count) {
  membership result;
  for (std::uint64_t id = 1; id <= count; ++id)
    result.voters.push_back(peer_id{id});
  return result;
}

inline entry make_entry(std::uint64_t index, std::uint64_t term,
                        const char* data = "x") {
  entry result;
  result.index = log_index{index};
  result.term = term_number{term};
  result.kind = entry_kind::command;
  result.data = bytes{data};
  return result;
}

/// A log as a list of terms: {1, 1, 2} is 1@1, 2@1, 3@2.
inline std::vector<entry> make_entries(const std::vector<std::uint64_t>& terms,
                                       std::uint64_t first = 1) {
  std::vector<entry> result;
  for (const auto term : terms)
    result.push_back(make_entry(first++, term));
  return result;
}

inline durable_state make_state(const membership& members,
                                const std::vector<entry>& entries,
                                hard_state hard) {
  durable_state result;
  result.hard = hard;
  result.members.founding = members;
  for (const auto& x : entries) {
    if (result.term_starts.empty() || result.term_starts.back().term != x.term)
      result.term_starts.push_back({x.index, x.term});
    result.last = {x.index, x.term};
    result.last_time_ms = x.time_ms;
  }
  return result;
}

constexpr log_position at(std::uint64_t index, std::uint64_t term) {
  return {log_index{index}, term_number{term}};
}

constexpr message_header header(std::uint64_t from, std::uint64_t to) {
  return {group, peer_id{from}, peer_id{to}, {}};
}

/// An append request with entries of these terms.
inline append_request make_append(std::uint64_t from, std::uint64_t to,
                                  std::uint64_t term, log_position previous,
                                  const std::vector<std::uint64_t>& entry_terms
                                  = {},
                                  std::uint64_t commit = 0) {
  append_request result;
  result.header = header(from, to);
  result.term = term_number{term};
  result.previous = previous;
  result.commit = log_index{commit};
  result.round = round_number{1};
  result.entries = make_entries(entry_terms, previous.index.value + 1);
  return result;
}

inline append_reply make_accept(std::uint64_t from, std::uint64_t to,
                                std::uint64_t term, std::uint64_t match,
                                std::uint64_t round = 1) {
  append_reply result;
  result.header = header(from, to);
  result.term = term_number{term};
  result.accepted = true;
  result.match = log_index{match};
  result.round = round_number{round};
  result.priority = priority_usual;
  return result;
}

inline append_reply make_refusal(std::uint64_t from, std::uint64_t to,
                                 std::uint64_t term, std::uint64_t refused,
                                 log_position conflict) {
  append_reply result;
  result.header = header(from, to);
  result.term = term_number{term};
  result.refused = log_index{refused};
  result.conflict = conflict;
  result.round = round_number{1};
  return result;
}

inline vote_request make_vote_request(std::uint64_t from, std::uint64_t to,
                                      std::uint64_t term, log_position last,
                                      bool pre_vote = false) {
  vote_request result;
  result.header = header(from, to);
  result.term = term_number{term};
  result.last = last;
  result.pre_vote = pre_vote;
  return result;
}

inline vote_reply make_vote(std::uint64_t from, std::uint64_t to,
                            std::uint64_t term, std::uint64_t campaign,
                            bool granted, bool pre_vote = false) {
  vote_reply result;
  result.header = header(from, to);
  result.term = term_number{term};
  result.campaign = term_number{campaign};
  result.granted = granted;
  result.pre_vote = pre_vote;
  return result;
}

/// One core with a disk, and everything that came out of it.
class lone_peer {
public:
  explicit lone_peer(std::uint64_t id, membership members = voters(3),
                     const std::vector<std::uint64_t>& terms = {},
                     hard_state hard = {}, settings config = {},
                     std::optional<std::size_t> tail = {})
    : disk{make_entries(terms)} {
    if (!terms.empty() && hard.term.value < terms.back())
      hard.term = term_number{terms.back()};
    auto in_memory = disk;
    if (tail)
      in_memory.erase(in_memory.begin(),
                      in_memory.end() - static_cast<std::ptrdiff_t>(*tail));
    x = std::make_unique<core>(
      identity{group, peer_id{id}, incarnation_id{id + 100}, id}, config,
      make_state(members, disk, hard), std::move(in_memory), log_index{}, now);
    for (const auto peer : members.voters)
      if (peer.value != id)
        x->link_up(peer);
    drain();
  }

  core* operator->() {
    return x.get();
  }

  /// Feeds an input and collects what comes out.
  template <class F>
  void input(F f) {
    f(*x);
    drain();
  }

  void receive(const message& msg) {
    std::visit([this](const auto& m) { x->receive(m); }, msg);
    drain();
  }

  void advance(instant by) {
    now += by;
    x->advance(now);
    drain();
  }

  /// Advances to when the core wants to be woken.
  void wake() {
    advance(x->wake_at() - now);
  }

  /// The same, until a candidate has given up: before, it only asks again.
  void wake_for_campaign() {
    do
      wake();
    while (x->role() == peer_role::candidate);
  }

  /// Makes the batch under way durable.
  void persist() {
    BOOST_REQUIRE(batch.has_value());
    const auto number = batch->number;
    store(*batch);
    batch.reset();
    x->persisted(number);
    drain();
  }

  /// Carries out reads, and applies what was committed.
  /// @returns whether there was anything to do.
  bool read_and_apply() {
    const auto todo = std::exchange(reads, {});
    for (const auto& read : todo) {
      raft::entries_read result{read.group, read.reader, read.first, {}};
      std::size_t size = 0;
      for (auto i = read.first; i <= read.last && i.value <= disk.size(); ++i) {
        size += cost(disk[i.value - 1]);
        if (size > read.bytes_max && !result.entries.empty())
          break;
        result.entries.push_back(disk[i.value - 1]);
      }
      x->entries_read(std::move(result));
      drain();
    }
    const auto applies = x->applied() < x->handed_out();
    x->applied(x->handed_out(), log_index{});
    drain();
    return applies || !todo.empty();
  }

  /// Makes everything durable.
  void persist_all() {
    while (batch)
      persist();
  }

  /// Campaigns with the votes of the others until it leads.
  void elect() {
    wake();
    answer_votes();
    persist_all();
    answer_votes();
    BOOST_REQUIRE(x->leads());
  }

  /// Starts one command.
  log_index start(const char* data = "x") {
    log_index result;
    input([&](core& c) {
      result = c.start(entry_kind::command, {}, bytes{data}, 0).index;
    });
    return result;
  }

  /// Answers all vote requests that came out with yes.
  void answer_votes() {
    for (const auto& msg : take<vote_request>()) {
      const auto term = msg.pre_vote ? x->term() : msg.term;
      receive(make_vote(msg.header.to.value, msg.header.from.value, term.value,
                        msg.term.value, true, msg.pre_vote));
    }
  }

  /// Takes the messages of one kind that came out, or those of them that go to
  /// one peer.
  template <class T>
  std::vector<T> take(std::uint64_t to = 0) {
    std::vector<T> result;
    std::erase_if(messages, [&](const message& msg) {
      const auto* m = std::get_if<T>(&msg);
      if (!m || (to != 0 && m->header.to.value != to))
        return false;
      result.push_back(*m);
      return true;
    });
    return result;
  }

  /// Takes the one message of this kind.
  template <class T>
  T take_one(std::uint64_t to = 0) {
    auto all = take<T>(to);
    BOOST_REQUIRE_EQUAL(all.size(), 1u);
    return all.front();
  }

  /// Begins a read.
  read_number read(consistency how = consistency::linearizable) {
    read_begun result;
    input([&](core& c) { result = c.begin_read(how); });
    BOOST_REQUIRE(result.reason == reject_reason::none);
    return result.number;
  }

  /// Takes what became of a read; nothing if it waits.
  std::optional<reject_reason> verdict_on(read_number x) const {
    for (const auto& y : verdicts)
      if (y.first <= x && x <= y.last)
        return y.reason;
    return std::nullopt;
  }

  bool granted(read_number x) const {
    return verdict_on(x) == reject_reason::none;
  }

  bool noted(note_kind kind) const {
    return std::ranges::count(notes, kind, &note::kind) > 0;
  }

  instant now{0};
  std::unique_ptr<core> x;
  std::vector<entry> disk;
  hard_state hard;
  std::optional<raft::persist> batch;
  std::vector<message> messages;
  std::vector<entry> committed;
  std::vector<read_entries> reads;
  std::vector<read_verdict> verdicts;
  std::vector<note> notes;
  std::vector<note> distrusted;
  std::vector<install_reply> install_replies;
  std::vector<chunk_to_send> chunks_to_send;
  std::vector<chunk_to_store> chunks_to_store;
  std::optional<snapshot_head> install;
  bool take_snapshot = false;

private:
  void drain() {
    auto out = x->take_output();
    if (out.batch) {
      BOOST_REQUIRE(!batch.has_value());
      batch = std::move(out.batch);
    }
    append(messages, out.messages);
    append(committed, out.committed);
    append(reads, out.reads);
    append(verdicts, out.verdicts);
    append(notes, out.notes);
    append(distrusted, out.distrusted);
    append(install_replies, out.install_replies);
    append(chunks_to_send, out.chunks_to_send);
    append(chunks_to_store, out.chunks_to_store);
    if (out.install)
      install = out.install;
    take_snapshot |= out.take_snapshot;
    BOOST_REQUIRE(out.wake_at == x->wake_at());
    const auto violation = checker_.check(*x);
    BOOST_REQUIRE_MESSAGE(!violation, violation.value_or(""));
  }

  template <class T>
  static void append(std::vector<T>& to, std::vector<T>& from) {
    std::ranges::move(from, std::back_inserter(to));
  }

  void store(const raft::persist& msg) {
    hard = msg.batch.hard;
    if (msg.batch.truncate_from)
      std::erase_if(disk, [&](const entry& e) {
        return e.index >= msg.batch.truncate_from;
      });
    // What a snapshot stands for has no entries any more.
    if (msg.batch.install.last.index)
      disk.resize(msg.batch.install.last.index.value);
    for (const auto& e : msg.batch.entries) {
      BOOST_REQUIRE_EQUAL(e.index.value, disk.size() + 1);
      disk.push_back(e);
    }
  }

  invariant_checker checker_;
};

inline const auto cost_of_one = cost(make_entry(1, 1));

/// A leader in term 1 whose empty entry everybody has.
inline lone_peer make_leader(settings config = {}, std::size_t members = 3) {
  lone_peer x{1, voters(members), {}, {}, config};
  x.elect();
  x.persist_all();
  for (std::uint64_t id = 2; id <= members; ++id) {
    auto answer = make_accept(id, 1, 1, 1);
    answer.frame = frame_number{1};
    x.receive(answer);
  }
  x.take<append_request>();
  return x;
}

/// What a leader knows of one other.
inline peer_progress known(lone_peer& x, std::uint64_t id) {
  for (const auto& y : x->state().others)
    if (y.peer.value == id)
      return y;
  return {};
}

inline void connect(lone_peer& x, std::uint64_t id) {
  x.input([&](core& c) { c.link_up(peer_id{id}); });
}

inline void disconnect(lone_peer& x, std::uint64_t id) {
  x.input([&](core& c) { c.link_down(peer_id{id}); });
}

} // namespace raft::consensus::test
