#include <raft/tests/support/narration.hpp>

#include <algorithm>
#include <variant>

namespace raft::test {

namespace {

std::string equals(const char* key, const std::string& value) {
  return std::string{key} + "=" + value;
}

template <class Number>
std::string equals(const char* key, Number value) {
  return equals(key, std::to_string(value.value));
}

const message_header& header_of(const consensus::message& x) {
  return std::visit(
    [](const auto& msg) -> const message_header& { return msg.header; }, x);
}

struct namer {
  std::string operator()(const vote_request& x) const {
    return x.pre_vote ? "pre-vote request"
         : x.transfer ? "vote request after a transfer"
                      : "vote request";
  }

  std::string operator()(const vote_reply& x) const {
    return x.pre_vote ? "pre-vote reply" : "vote reply";
  }

  std::string operator()(const append_request&) const {
    return "append";
  }

  std::string operator()(const append_reply&) const {
    return "append reply";
  }

  std::string operator()(const read_index_request&) const {
    return "read index request";
  }

  std::string operator()(const read_index_reply&) const {
    return "read index reply";
  }

  std::string operator()(const timeout_now&) const {
    return "timeout now";
  }
};

struct describer {
  std::string operator()(const vote_request& x) const {
    return equals("term", x.term) + " " + equals("last", place(x.last));
  }

  std::string operator()(const vote_reply& x) const {
    auto verdict = x.granted ? "granted" : "refused";
    return verdict + (" in the campaign for term " + to_text(x.campaign))
         + (x.term == x.campaign ? "" : ", " + equals("term", x.term));
  }

  std::string operator()(const append_request& x) const {
    return equals("term", x.term) + " " + equals("previous", place(x.previous))
         + " entries=[" + places(x.entries) + "] " + equals("commit", x.commit);
  }

  std::string operator()(const append_reply& x) const {
    if (x.accepted)
      return "accepted, " + equals("term", x.term) + " "
           + equals("match", x.match);
    std::string why;
    if (x.conflict.term)
      why = ", run of its term starts at " + place(x.conflict);
    else if (x.conflict.index)
      why = ", log ends before " + to_text(x.conflict.index);
    return "refused previous=" + to_text(x.refused) + ", "
         + equals("term", x.term) + why;
  }

  std::string operator()(const read_index_request& x) const {
    return equals("term", x.term);
  }

  std::string operator()(const read_index_reply& x) const {
    return equals("term", x.term) + " " + equals("index", x.index);
  }

  std::string operator()(const timeout_now& x) const {
    return equals("term", x.term);
  }
};

/// Tells how the log changed.
void tell_log(std::vector<std::string>& lines, const portrait& before,
              const portrait& after) {
  // What was dropped is the same forever.
  auto dropped = static_cast<std::ptrdiff_t>(after.compacted.value);
  auto [old_end, new_end]
    = std::mismatch(before.terms.begin() + dropped, before.terms.end(),
                    after.terms.begin() + dropped, after.terms.end());
  log_index kept{static_cast<std::uint64_t>(old_end - before.terms.begin())};
  log_index old_last{before.terms.size()};
  log_index new_last{after.terms.size()};
  auto range = [&](const portrait& x, log_index last) {
    auto first = kept.next();
    return place(x.at(first))
         + (first < last ? " to " + place(x.at(last)) : std::string{});
  };
  if (old_last > kept)
    lines.push_back("drops " + range(before, old_last));
  if (new_last > kept)
    lines.push_back("appends " + range(after, new_last));
  if (after.compacted > before.compacted)
    lines.push_back("forgets the entries up to "
                    + place(after.at(after.compacted)));
}

/// Tells what is sent; messages that differ in the receiver only are told once.
void tell_messages(std::vector<std::string>& lines,
                   const std::vector<consensus::message>& messages) {
  std::vector<bool> told(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (told[i])
      continue;
    std::vector<peer_id> receivers;
    for (std::size_t j = i; j < messages.size(); ++j) {
      if (told[j] || name_of(messages[j]) != name_of(messages[i])
          || content_of(messages[j]) != content_of(messages[i]))
        continue;
      told[j] = true;
      receivers.push_back(receiver_of(messages[j]));
    }
    lines.push_back("sends " + peers(receivers) + " " + name_of(messages[i])
                    + ": " + content_of(messages[i]));
  }
}

} // namespace

portrait::portrait(const consensus::core& x)
  : commit{x.commit()},
    handed_out{x.handed_out()},
    durable{x.log().durable()},
    compacted{x.log().compacted().index} {
  for (log_index i{1}; i <= x.log().last().index; ++i)
    terms.push_back(x.log().term_at(i).value_or(term_number{}));
}

log_position portrait::at(log_index x) const {
  if (!x)
    return {};
  return {x, terms.at(x.value - 1)};
}

std::string place(const log_position& x) {
  return to_text(x.index) + "@" + to_text(x.term);
}

std::string whole(const entry& x) {
  auto what = x.kind == entry_kind::empty
              ? std::string{"empty"}
              : "\"" + std::string{x.data.view()} + "\"";
  return place({x.index, x.term}) + " " + what;
}

std::string places(const std::vector<entry>& x) {
  std::string result;
  auto at = [&](std::size_t i) { return place({x[i].index, x[i].term}); };
  for (std::size_t i = 0; i < x.size();) {
    auto last = i;
    while (last + 1 < x.size() && x[last + 1].term == x[i].term)
      ++last;
    if (last < i + 3)
      last = i;
    result += (i > 0 ? " " : "") + at(i);
    if (last > i)
      result += ".." + at(last);
    i = last + 1;
  }
  return result;
}

std::string peers(const std::vector<peer_id>& x) {
  std::string result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i > 0)
      result += i + 1 == x.size() ? " and " : ", ";
    result += to_text(x[i]);
  }
  return result;
}

std::string name_of(const consensus::message& x) {
  return std::visit(namer{}, x);
}

std::string content_of(const consensus::message& x) {
  return std::visit(describer{}, x);
}

peer_id sender_of(const consensus::message& x) {
  return header_of(x).from;
}

peer_id receiver_of(const consensus::message& x) {
  return header_of(x).to;
}

std::string content_of(const durable_batch& x, const hard_state& before) {
  std::vector<std::string> parts;
  if (x.hard != before)
    parts.push_back(equals("term", x.hard.term) + " "
                    + equals("vote", x.hard.vote));
  if (x.truncate_from)
    parts.push_back("the log without " + to_text(x.truncate_from)
                    + " and after");
  if (!x.entries.empty())
    parts.push_back(places(x.entries));
  if (x.compacted.index)
    parts.push_back("that nothing up to " + place(x.compacted) + " is needed");
  std::string result;
  for (const auto& part : parts)
    result += (result.empty() ? "" : ", ") + part;
  return result.empty() ? "nothing new" : result;
}

std::vector<std::string> tell(peer_id who, const portrait& before,
                              const consensus::core& after,
                              const consensus::output& out,
                              const hard_state& disk) {
  std::vector<std::string> lines;
  portrait now{after};
  for (const auto& note : out.notes)
    lines.push_back(consensus::to_text(note));
  tell_log(lines, before, now);
  if (now.durable < before.durable)
    lines.push_back("is durable to " + place(now.at(now.durable)) + " only");
  auto may_apply = "may apply up to " + place(now.at(now.handed_out));
  if (now.commit > before.commit)
    lines.push_back("commits " + place(now.at(now.commit))
                    + (now.handed_out < now.commit ? ", " + may_apply : ""));
  else if (now.handed_out > before.handed_out)
    lines.push_back(may_apply);
  tell_messages(lines, out.messages);
  if (out.batch)
    lines.push_back("writes " + content_of(out.batch->batch, disk));
  for (const auto& read : out.reads)
    lines.push_back("reads " + to_text(read.first) + " to " + to_text(read.last)
                    + " for " + to_text(read.reader));
  for (auto& line : lines)
    line.insert(0, to_text(who) + " ");
  return lines;
}

std::vector<std::string>
table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

} // namespace raft::test
