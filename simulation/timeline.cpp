#include <raft/simulation/json_text.hpp>
#include <raft/simulation/timeline.hpp>
#include <raft/simulation/timeline_parts.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace raft::simulation {

namespace {

using base::instant;
using number = std::int64_t;

number to_number(instant x) {
  return x.count();
}

template <class Id>
number to_number(Id x) {
  return static_cast<number>(x.value);
}

/// What the page has of the changes of a peer, in this order.
std::optional<number> change_code(event_kind x) {
  constexpr event_kind kinds[]{
    event_kind::started,   event_kind::crashed,   event_kind::wiped,
    event_kind::paused,    event_kind::resumed,   event_kind::role,
    event_kind::appended,  event_kind::truncated, event_kind::durable,
    event_kind::committed, event_kind::applied,   event_kind::members,
    event_kind::snapshot,  event_kind::installed};
  const auto* found = std::find(std::begin(kinds), std::end(kinds), x);
  if (found == std::end(kinds))
    return std::nullopt;
  return found - std::begin(kinds);
}

/// Turns events into the tables of the page.
class table_maker {
public:
  explicit table_maker(const std::vector<event>& events) {
    for (const auto& x : events) {
      peers_ = std::max(peers_, x.peer.value);
      end_ = std::max(end_, x.when);
    }
    changes_.resize(peers_);
    text(""); // is number 0
    for (const auto& x : events)
      take(x);
    finish();
  }

  std::string to_json(const timeline_caption& caption) const {
    auto what = violation_.value_or(caption.violation);
    auto result = "{\"title\":" + json_text(caption.title)
                + ",\"subtitle\":" + json_text(caption.subtitle)
                + ",\"peers\":" + std::to_string(peers_)
                + ",\"end\":" + std::to_string(end_.count());
    if (!what.empty())
      result += ",\"violation\":{\"when\":" + std::to_string(violated_.count())
              + ",\"text\":" + json_text(what) + "}";
    result += ",\n\"texts\":[";
    for (const auto& x : texts_)
      result += (&x == texts_.data() ? "" : ",\n") + json_text(x);
    result += "],\n\"messages\":" + to_json(messages_) + ",\n\"cuts\":"
            + to_json(cuts_) + ",\n\"marks\":" + to_json(marks_)
            + ",\n\"clients\":" + to_json(clients_) + ",\n\"changes\":[";
    for (const auto& x : changes_)
      result += (&x == changes_.data() ? "" : ",\n") + to_json(x);
    return result + "]}";
  }

private:
  /// Rows of the same length, one after the other.
  using table = std::vector<number>;

  enum fate : number { arrived, lost, under_way, arrived_again };

  struct message {
    event sent;
    bool has_arrived = false;
  };

  static std::string to_json(const table& x) {
    std::string result{'['};
    for (auto y : x) {
      if (result.size() > 1)
        result += ',';
      result += std::to_string(y);
    }
    return result + ']';
  }

  number text(const std::string& x) {
    auto [i, added]
      = numbers_.try_emplace(x, static_cast<number>(texts_.size()));
    if (added)
      texts_.push_back(x);
    return i->second;
  }

  static void add(table& to, std::initializer_list<number> row) {
    to.insert(to.end(), row);
  }

  void take(const event& x) {
    if (auto code = change_code(x.what))
      return add_change(x, *code);
    switch (x.what) {
      case event_kind::sent:
        open_messages_[x.number].sent = x;
        break;
      case event_kind::received:
        add_message(x, arrived);
        break;
      case event_kind::lost:
        add_message(x, lost);
        break;
      case event_kind::cut:
        open_cuts_.try_emplace({x.peer, x.other}, x.when);
        break;
      case event_kind::healed:
        if (auto begun = open_cuts_.extract({x.peer, x.other}))
          add_cut(begun.key(), begun.mapped(), x.when);
        break;
      case event_kind::asked:
        open_clients_[x.number] = x;
        break;
      case event_kind::answered:
        add_answer(x);
        break;
      case event_kind::violated:
        violation_ = x.text;
        violated_ = x.when;
        break;
      default:
        add(marks_, {to_number(x.when), to_number(x.peer), text(x.text)});
    }
  }

  void add_change(const event& x, number code) {
    number a = to_number(x.index);
    number b = to_number(x.term);
    if (x.what == event_kind::role)
      a = static_cast<number>(x.role);
    if (x.what == event_kind::crashed || x.what == event_kind::members)
      b = text(x.text);
    add(changes_[x.peer.value - 1], {to_number(x.when), code, a, b});
  }

  void add_message(const event& x, fate what) {
    auto found = open_messages_.find(x.number);
    if (found == open_messages_.end())
      return;
    auto& [sent, has_arrived] = found->second;
    if (what == arrived && has_arrived)
      what = arrived_again;
    has_arrived = true;
    add(messages_,
        {to_number(sent.peer), to_number(sent.other), to_number(sent.when),
         to_number(x.when), what, text(sent.text)});
  }

  void add_cut(const std::pair<peer_id, peer_id>& way, instant begin,
               instant end) {
    auto add_way = [&](number from, number to) {
      add(cuts_, {from, to, to_number(begin), to_number(end)});
    };
    auto [from, to] = way;
    if (to)
      return add_way(to_number(from), to_number(to));
    for (std::uint64_t i = 1; i <= peers_; ++i)
      if (i != from.value) {
        add_way(to_number(from), static_cast<number>(i));
        add_way(static_cast<number>(i), to_number(from));
      }
  }

  void add_answer(const event& x) {
    constexpr number committed = 0;
    constexpr number rejected = 1;
    constexpr number unknown = 2;
    auto outcome = x.text.starts_with("committed") ? committed
                 : x.text.starts_with("rejected")  ? rejected
                                                   : unknown;
    if (auto asked = open_clients_.extract(x.number))
      add(clients_,
          {static_cast<number>(x.number), to_number(asked.mapped().when),
           to_number(x.when), outcome, text(x.text)});
  }

  /// What goes on when the run ends.
  void finish() {
    for (const auto& [number, x] : open_messages_)
      if (!x.has_arrived) {
        auto end = x.sent;
        end.when = end_;
        end.number = number;
        add_message(end, under_way);
      }
    for (const auto& [way, begin] : open_cuts_)
      add_cut(way, begin, end_);
    constexpr number no_outcome = 3;
    for (const auto& [who, x] : open_clients_)
      add(clients_, {static_cast<number>(who), to_number(x.when), -1,
                     no_outcome, text("asked " + x.text)});
    if (!violation_)
      violated_ = end_;
  }

  std::uint64_t peers_ = 0;
  instant end_{0};
  std::vector<std::string> texts_;
  std::map<std::string, number> numbers_;
  table messages_; // from, to, sent, done, fate, text
  table cuts_; // from, to, begin, end
  table marks_; // when, peer, text
  table clients_; // who, asked, answered, outcome, text
  std::vector<table> changes_; // of each peer: when, code, a, b
  std::map<std::uint64_t, message> open_messages_;
  std::map<std::pair<peer_id, peer_id>, instant> open_cuts_;
  std::map<std::uint64_t, event> open_clients_;
  std::optional<std::string> violation_;
  instant violated_{0};
};

std::string as_html(const std::string& x) {
  std::string result;
  for (char c : x)
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '&':
        result += "&amp;";
        break;
      default:
        result += c;
    }
  return result;
}

[[noreturn]] void complain(const std::string& name) {
  throw std::runtime_error{name + ": " + std::strerror(errno)};
}

} // namespace

std::string timeline_page(const std::vector<event>& events,
                          const timeline_caption& caption) {
  const std::map<std::string_view, std::string> parts{
    {"title", as_html(caption.title)},
    {"style", std::string{timeline_style}},
    {"data", table_maker{events}.to_json(caption)},
    {"script", std::string{timeline_script}}};
  std::string result;
  auto rest = timeline_html;
  for (auto mark = rest.find('@'); mark != std::string_view::npos;
       mark = rest.find('@')) {
    auto end = rest.find('@', mark + 1);
    result += rest.substr(0, mark);
    result += parts.at(rest.substr(mark + 1, end - mark - 1));
    rest.remove_prefix(end + 1);
  }
  return result += rest;
}

timeline_file::timeline_file(std::string name) : name_{std::move(name)} {
  if (name_.empty())
    return;
  made_ = !std::filesystem::exists(name_);
  if (!std::ofstream{name_, std::ios::app})
    complain(name_);
}

timeline_file::~timeline_file() {
  std::error_code ignored; // it is empty, and of no use
  if (made_)
    std::filesystem::remove(name_, ignored);
}

void timeline_file::write(const std::string& page) {
  if (!wanted())
    return;
  std::ofstream out{name_, std::ios::trunc};
  out << page;
  if (!out.flush())
    complain(name_);
  made_ = false;
}

} // namespace raft::simulation
