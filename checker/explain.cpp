#include <raft/checker/explain.hpp>

#include <map>

namespace raft::checker {

namespace {

/// Wider pictures would not fit beside the text.
constexpr std::size_t moments_max = 40;

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width)
    text.resize(width, ' ');
  return text;
}

std::string number(std::size_t position) {
  return std::to_string(position + 1);
}

/// When something happened, by its rank among all moments of the picture.
class moments {
public:
  explicit moments(const std::vector<explained_operation>& operations) {
    for (const auto& x : operations) {
      ranks_[x.span.start];
      if (x.span.end)
        ranks_[*x.span.end];
    }
    std::size_t next = 0;
    for (auto& [_, rank] : ranks_)
      rank = next++;
  }

  bool too_many() const {
    return ranks_.size() > moments_max;
  }

  /// A bar from start to end; an arrow where there is no end.
  std::string bar(const search_span& x) const {
    auto from = ranks_.at(x.start);
    auto to = x.end ? ranks_.at(*x.end) : ranks_.size() - 1;
    auto result = std::string(2 * from, ' ') + '[';
    result.append(2 * (to - from), '-');
    return result + (x.end ? ']' : '>');
  }

private:
  std::map<std::int64_t, std::size_t> ranks_;
};

std::string time_text(const search_span& x) {
  return std::to_string(x.start) + " to "
       + (x.end ? std::to_string(*x.end) : std::string{"?"});
}

/// Columns: number, client, what, when, and a picture of it.
std::string table(const explanation& x) {
  moments when{x.operations};
  std::size_t client_width = 0;
  std::size_t text_width = 0;
  std::size_t time_width = 0;
  for (const auto& y : x.operations) {
    client_width = std::max(client_width, std::to_string(y.client).size());
    text_width = std::max(text_width, y.text.size());
    time_width = std::max(time_width, time_text(y.span).size());
  }
  std::string result;
  for (std::size_t i = 0; i < x.operations.size(); ++i) {
    const auto& y = x.operations[i];
    auto line = "    " + pad(number(i), number(x.operations.size()).size())
              + "  client " + pad(std::to_string(y.client), client_width) + "  "
              + pad(y.text, text_width) + "  "
              + (x.unit.empty() ? "" : x.unit + ' ');
    if (when.too_many())
      line += time_text(y.span);
    else
      line += pad(time_text(y.span), time_width) + "  " + when.bar(y.span);
    result += line + '\n';
  }
  return result;
}

std::string to_text(const explained_dead_end& x) {
  std::string result{"    "};
  for (auto i : x.order)
    result += number(i) + ' ';
  result += x.order.empty() ? "at the beginning:\n" : "and then:\n";
  for (const auto& [i, why] : x.refused)
    result += "      not " + number(i) + ": " + why + '\n';
  return result;
}

} // namespace

std::string to_text(const explanation& x) {
  auto open = std::any_of(x.operations.begin(), x.operations.end(),
                          [](const auto& y) { return !y.span.end; });
  auto one = x.dead_ends.size() == 1;
  auto result = "  These " + std::to_string(x.operations.size()) + " of "
              + std::to_string(x.total)
              + " operations have no order in which each takes effect\n"
                "  between its start and its end"
              + (open ? " (no end: at any time after its start, or never)" : "")
              + (x.is_given_up ? ", nor may some of them;\n  to find out "
                                 "which was given up at the bound"
                               : "")
              + ":\n" + table(x);
  if (!x.dead_ends.empty())
    result += one ? "  The order that goes furthest ends like this:\n"
                  : "  The orders that go furthest end like this:\n";
  for (const auto& y : x.dead_ends)
    result += to_text(y);
  return result;
}

} // namespace raft::checker
