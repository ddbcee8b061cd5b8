// Histories as text: our own format, and two that others write.
// docs/histories.md describes them.

#pragma once

#include <raft/checker/models.hpp>

#include <cstddef>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <variant>

namespace raft::checker {

using any_history = std::variant<history<register_model>, history<map_model>>;

/// A text that is no history.
class history_error : public std::runtime_error {
public:
  history_error(std::size_t line, const std::string& why)
    : std::runtime_error{why}, line_{line} {
    // nop
  }

  /// From 1.
  std::size_t line() const noexcept {
    return line_;
  }

private:
  std::size_t line_;
};

/// Reads a history in whichever format it is.
/// @throws history_error
any_history read_history(std::istream& in);

/// Writes a history in our own format, in the order given.
void write(std::ostream& out, const history<register_model>& x);
void write(std::ostream& out, const history<map_model>& x);

} // namespace raft::checker
