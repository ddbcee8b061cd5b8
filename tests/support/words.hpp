// The words of one command of a script.

#pragma once

#include <raft/messages/ids.hpp>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace raft::test {

/// A command that a script must not contain. The text says why.
struct bad_command : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Splits a command at blanks, keeps "quoted text" together, and hands out one
/// word after the other. All functions throw `bad_command` if the next word is
/// not what was asked for.
class words {
public:
  explicit words(const std::string& command);

  bool empty() const noexcept {
    return next_ == words_.size();
  }

  /// Whether the next word is this one; takes it if so.
  bool take(const std::string& word);

  std::string word(const char* what);
  std::uint64_t number(const char* what);
  peer_id peer();

  /// Reads "1->2".
  std::pair<peer_id, peer_id> pair();

  /// Reads `key=value` words until the end.
  std::map<std::string, std::string> options();

  /// @throws bad_command if words are left.
  void end() const;

private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

/// @throws bad_command if `text` is no decimal number.
std::uint64_t to_number(const std::string& text);

/// Splits "a,b,c"; nothing if `text` is empty.
std::vector<std::string> split(const std::string& text, char separator);

} // namespace raft::test
