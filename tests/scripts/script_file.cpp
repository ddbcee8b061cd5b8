#include <raft/tests/scripts/script_file.hpp>

#include <fstream>
#include <stdexcept>

namespace raft::test {

namespace {

constexpr const char* dashes = "----";

[[noreturn]] void fail(const std::filesystem::path& file, std::size_t line,
                       const std::string& what) {
  throw std::runtime_error{file.string() + ":" + std::to_string(line) + ": "
                           + what};
}

} // namespace

std::vector<script_block> read_script(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<script_block> result;
  script_block block;
  std::size_t number = 0;
  bool in_output = false;
  auto finish = [&] {
    result.push_back(std::move(block));
    block = {};
    in_output = false;
  };
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (in_output) {
      if (line.empty())
        finish();
      else
        block.expected.push_back(line);
    } else if (line == dashes) {
      if (block.commands.empty())
        fail(file, number, "dashes without a command above them");
      block.line = number;
      in_output = true;
    } else {
      block.head.push_back(line);
      if (!line.empty() && line.front() != '#')
        block.commands.push_back({number, line});
    }
  }
  if (in.bad() || number == 0)
    fail(file, number, "cannot be read, or is empty");
  if (in_output)
    finish();
  else if (!block.head.empty())
    fail(file, number, "a block without dashes");
  return result;
}

void write_script(const std::filesystem::path& file,
                  const std::vector<script_block>& blocks) {
  std::ofstream out{file};
  bool first = true;
  for (const auto& block : blocks) {
    if (!first)
      out << '\n';
    first = false;
    for (const auto& line : block.head)
      out << line << '\n';
    out << dashes << '\n';
    for (const auto& line : block.expected)
      out << line << '\n';
  }
  if (!out.flush())
    fail(file, 0, "cannot be written");
}

} // namespace raft::test
