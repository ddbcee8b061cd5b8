// Operations and violations of the models in words.

#include <raft/checker/history_format_words.hpp>
#include <raft/checker/models.hpp>

#include <algorithm>
#include <string>

namespace raft::checker {

namespace {

constexpr std::size_t long_text = 48;
constexpr std::size_t end_of_long_text = 16;

std::string text_of(const register_model::value& x) {
  return x ? std::to_string(*x) : "nil";
}

std::string text_of(const map_model::value& x, bool whole) {
  if (!x)
    return "nil";
  return quote(whole ? *x : shorten(*x));
}

/// Where two long texts part, for people.
std::string tell_apart(const std::string& held, const std::string& seen) {
  auto [i, j]
    = std::mismatch(held.begin(), held.end(), seen.begin(), seen.end());
  auto rest = [](auto from, const std::string& text) {
    std::string tail{from, text.end()};
    return tail.empty() ? std::string{"nothing"} : quote(shorten(tail));
  };
  return "after the same " + std::to_string(i - held.begin())
       + " bytes, the key holds " + rest(i, held) + ", where it saw "
       + rest(j, seen);
}

} // namespace

std::string shorten(const std::string& text) {
  if (text.size() <= long_text)
    return text;
  return text.substr(0, end_of_long_text) + "..."
       + text.substr(text.size() - end_of_long_text);
}

std::string register_model::describe(const operation& x, bool) const {
  auto name
    = overloaded{[](const read&) { return std::string{"read"}; },
                 [](const write& y) { return "write " + text_of(y.to); },
                 [](const compare_and_set& y) {
                   return "cas " + text_of(y.from) + ' ' + text_of(y.to);
                 }};
  auto result = std::visit(name, x.input);
  if (!x.output)
    return result;
  if (std::holds_alternative<read>(x.input))
    return result + " -> " + text_of(x.output->seen);
  if (std::holds_alternative<compare_and_set>(x.input))
    return result + (x.output->done ? " -> ok" : " -> failed");
  return result;
}

std::string register_model::refusal(const state& now,
                                    const operation& x) const {
  auto held = "the register holds " + text_of(now);
  if (std::holds_alternative<read>(x.input))
    return held + ", but it saw " + text_of(x.output->seen);
  return held + ", but it " + (x.output->done ? "succeeded" : "failed");
}

std::string map_model::describe(const operation& x, bool whole) const {
  auto text
    = [&](const std::string& y) { return quote(whole ? y : shorten(y)); };
  auto key = text(x.input.key);
  auto name = overloaded{
    [&](const get&) { return "get " + key; },
    [&](const put& y) { return "put " + key + ' ' + text(y.to); },
    [&](const append& y) { return "append " + key + ' ' + text(y.more); },
    [&](const erase&) { return "delete " + key; },
    [&](const compare_and_set& y) {
      return "cas " + key + ' ' + text_of(y.from, whole) + ' ' + text(y.to);
    }};
  auto result = std::visit(name, x.input.what);
  if (!x.output)
    return result;
  if (std::holds_alternative<get>(x.input.what))
    return result + " -> " + text_of(x.output->seen, whole);
  if (x.output->count)
    return result + " -> " + std::to_string(*x.output->count);
  if (!std::holds_alternative<compare_and_set>(x.input.what))
    return result;
  if (x.output->done)
    return result + " -> ok";
  return result + " -> failed"
       + (x.output->tells ? ' ' + text_of(x.output->seen, whole) : "");
}

std::string map_model::refusal(const state& now, const operation& x) const {
  if (x.output->count)
    return "the key holds "
         + (now ? std::to_string(now->size()) + " bytes" : std::string{"nil"})
         + ", but it answered " + std::to_string(*x.output->count);
  auto looks = std::holds_alternative<get>(x.input.what) || x.output->tells;
  if (!looks)
    return "the key holds " + text_of(now, false) + ", but it "
         + (x.output->done ? "succeeded" : "failed");
  const auto& seen = x.output->seen;
  if (now && seen && std::max(now->size(), seen->size()) > long_text)
    return tell_apart(*now, *seen);
  return "the key holds " + text_of(now, false) + ", but it saw "
       + text_of(seen, false);
}

} // namespace raft::checker
