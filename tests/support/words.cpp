#include <raft/tests/support/words.hpp>

#include <charconv>
#include <sstream>

namespace raft::test {

words::words(const std::string& command) {
  std::size_t i = 0;
  while (true) {
    i = command.find_first_not_of(' ', i);
    if (i == std::string::npos)
      return;
    auto quoted = command[i] == '"';
    auto begin = quoted ? i + 1 : i;
    auto end = command.find(quoted ? '"' : ' ', begin);
    if (quoted && end == std::string::npos)
      throw bad_command{"a quote is not closed"};
    words_.push_back(command.substr(begin, end - begin));
    if (end == std::string::npos)
      return;
    i = end + 1;
  }
}

bool words::take(const std::string& word) {
  if (empty() || words_[next_] != word)
    return false;
  ++next_;
  return true;
}

std::string words::word(const char* what) {
  if (empty())
    throw bad_command{std::string{"expected "} + what};
  return words_[next_++];
}

std::uint64_t words::number(const char* what) {
  return to_number(word(what));
}

peer_id words::peer() {
  return {number("a peer")};
}

std::pair<peer_id, peer_id> words::pair() {
  auto text = word("a pair such as 1->2");
  auto arrow = text.find("->");
  if (arrow == std::string::npos)
    throw bad_command{"expected a pair such as 1->2, not " + text};
  return {{to_number(text.substr(0, arrow))},
          {to_number(text.substr(arrow + 2))}};
}

std::map<std::string, std::string> words::options() {
  std::map<std::string, std::string> result;
  while (!empty()) {
    auto text = word("key=value");
    auto sign = text.find('=');
    if (sign == std::string::npos)
      throw bad_command{"expected key=value, not " + text};
    if (!result.emplace(text.substr(0, sign), text.substr(sign + 1)).second)
      throw bad_command{"twice: " + text.substr(0, sign)};
  }
  return result;
}

void words::end() const {
  if (!empty())
    throw bad_command{"one word too many: " + words_[next_]};
}

std::uint64_t to_number(const std::string& text) {
  std::uint64_t result = 0;
  auto end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, result);
  if (text.empty() || error != std::errc{} || stop != end)
    throw bad_command{"expected a number, not \"" + text + "\""};
  return result;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string part; std::getline(in, part, separator);)
    result.push_back(part);
  return result;
}

} // namespace raft::test
