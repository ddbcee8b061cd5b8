#include <raft/transport/content.hpp>
#include <raft/transport/frame.hpp>

#include <algorithm>

namespace raft::transport {

namespace {

/// How `caf::atom("default")` and `caf::atom("")` come out on the wire.
constexpr std::string_view node_kind{"\x00\x00\x3E\x9A\xAB\x9B\xAC\x79", 8};
constexpr std::string_view no_node{"\0\0\0\0\0\0\0\x0F", 8};

/// With which all lists of types begin.
constexpr std::string_view list_mark = "@<>";

/// More parts than a message of ours can have.
constexpr std::size_t parts_max = 16;

/// Reads one thing after the other; from the first one that is missing, all
/// are.
class reader {
public:
  explicit reader(std::string_view bytes) noexcept : left_{bytes} {
    // nop
  }

  std::string_view take(std::size_t size) {
    if (size > left_.size()) {
      fine_ = false;
      left_ = {};
      return {};
    }
    auto result = left_.substr(0, size);
    left_.remove_prefix(size);
    return result;
  }

  std::uint64_t number(std::size_t size) {
    auto bytes = take(size);
    return fine_ ? read_number(bytes, size) : 0;
  }

  /// A length: seven bits in each byte, the lowest first.
  std::size_t length() {
    std::size_t result = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      auto byte = number(1);
      result |= (byte & 0x7F) << shift;
      if (fine_ && (byte & 0x80) == 0)
        return result;
    }
    fine_ = false;
    return 0;
  }

  std::string_view text() {
    return take(length());
  }

  bool fine() const noexcept {
    return fine_;
  }

  std::string_view left() const noexcept {
    return left_;
  }

private:
  std::string_view left_;
  bool fine_ = true;
};

const std::set<std::string, std::less<>>& basic_values() {
  static const std::set<std::string, std::less<>> result{
    "@atom",    "@duration", "@i16",   "@i32",  "@i64",      "@i8",
    "@ldouble", "@str",      "@u16",   "@u32",  "@u64",      "@u8",
    "@unit",    "bool",      "double", "float", "@timespan",
  };
  return result;
}

/// Reads the list of types with which a message begins.
std::optional<std::vector<std::string_view>> read_types(reader& from) {
  if (from.number(2) != 0)
    return std::nullopt;
  auto list = from.text();
  if (!from.fine() || !list.starts_with(list_mark))
    return std::nullopt;
  list.remove_prefix(list_mark.size());
  std::vector<std::string_view> result;
  while (!list.empty()) {
    if (list.front() != '+' || result.size() == parts_max)
      return std::nullopt;
    list.remove_prefix(1);
    result.push_back(list.substr(0, list.find('+')));
    list.remove_prefix(result.back().size());
  }
  return result;
}

/// Judges a handle that must be all that is left.
judgment judge_handle(std::string_view bytes, std::string_view node) {
  reader from{bytes};
  auto actor = from.number(8);
  if (!from.fine())
    return judgment::malformed;
  if (from.left() == no_node)
    return actor == 0 ? judgment::fine : judgment::malformed;
  if (!is_node_name(from.left()))
    return judgment::malformed;
  return from.left() == node && actor != 0 ? judgment::fine
                                           : judgment::forbidden;
}

} // namespace

bool is_node_name(std::string_view bytes) {
  auto zero = [](std::string_view x) {
    return std::all_of(x.begin(), x.end(), [](char c) { return c == 0; });
  };
  return bytes.size() == node_name_bytes && bytes.starts_with(node_kind)
      && !zero(bytes.substr(8, 4)) && !zero(bytes.substr(12));
}

void vocabulary::add_basic_values() {
  values.insert(basic_values().begin(), basic_values().end());
}

judgment judge_message(const vocabulary& words, std::string_view payload,
                       std::string_view node, bool is_response) {
  reader from{payload};
  // Whom to pass the answer on to: nobody, where nobody composes actors.
  if (auto stages = from.length(); stages != 0 || !from.fine())
    return from.fine() ? judgment::forbidden : judgment::malformed;
  auto types = read_types(from);
  if (!types)
    return judgment::malformed;
  if (is_response && types->empty())
    return judgment::fine;
  if (is_response && types->size() == 1 && types->front() == "@error")
    return judge_error(from.left());
  auto is_value
    = [&](std::string_view name) { return words.values.contains(name); };
  if (!types->empty() && std::all_of(types->begin(), types->end(), is_value))
    return judgment::fine;
  if (types->size() != 2 || !words.handles.contains(types->back()))
    return judgment::forbidden;
  auto first = words.introductions.find(types->front());
  if (first == words.introductions.end())
    return judgment::forbidden;
  auto size = first->second(from.left());
  if (!size || *size > from.left().size())
    return judgment::malformed;
  return judge_handle(from.left().substr(*size), node);
}

judgment judge_error(std::string_view bytes) {
  if (bytes.size() > error_bytes_max)
    return judgment::forbidden;
  reader from{bytes};
  // A number and a category.
  from.take(1 + 8);
  auto types = read_types(from);
  if (!types)
    return judgment::malformed;
  auto is_basic
    = [](std::string_view name) { return basic_values().contains(name); };
  return std::all_of(types->begin(), types->end(), is_basic)
         ? judgment::fine
         : judgment::forbidden;
}

judgment judge_introduction(std::string_view payload) {
  reader from{payload};
  auto node = from.take(node_name_bytes);
  auto read_texts = [&] {
    for (auto left = from.length(); left > 0 && from.fine(); --left)
      from.text();
  };
  read_texts();
  from.number(8);
  read_texts();
  return from.fine() && from.left().empty() && is_node_name(node)
         ? judgment::fine
         : judgment::malformed;
}

} // namespace raft::transport
