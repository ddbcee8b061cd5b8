#include <raft/simulation/program.hpp>

namespace raft::simulation {

std::string readable(const bytes& x, std::size_t bytes_max) {
  constexpr const char* digits = "0123456789abcdef";
  std::string result = "'";
  for (auto c : x.view().substr(0, bytes_max)) {
    auto code = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\')
      result += {'\\', c};
    else if (code >= 0x20 && code < 0x7f)
      result += c;
    else
      result += {'\\', 'x', digits[code / 16], digits[code % 16]};
  }
  return result + (x.size() > bytes_max ? "...'" : "'");
}

std::string readable(const client_operation& x) {
  auto result = readable(x.command);
  if (x.answered && x.result.result == outcome::committed)
    result += " -> " + readable(x.result.reply);
  return result;
}

} // namespace raft::simulation
