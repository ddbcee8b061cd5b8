#include <raft/programs/table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace raft::programs {

namespace {

bool is_number(const std::string& x) {
  return !x.empty()
      && x.find_first_not_of("0123456789.,+-") == std::string::npos;
}

} // namespace

table::table(std::vector<std::string> header) {
  rows_.push_back(std::move(header));
}

void table::add(std::vector<std::string> row) {
  assert(row.size() == rows_.front().size());
  rows_.push_back(std::move(row));
}

std::string table::to_text() const {
  auto columns = rows_.front().size();
  std::vector<std::size_t> width(columns, 0);
  // A column is one of numbers if any of its cells is a number; "-" is one,
  // too.
  std::vector<bool> numbers(columns, false);
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      const auto& cell = rows_[row][i];
      width[i] = std::max(width[i], cell.size());
      numbers[i] = numbers[i] || (row > 0 && cell != "-" && is_number(cell));
    }
  }
  std::string result;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i)
      line += fmt::format(fmt::runtime(numbers[i] ? "{:>{}}" : "{:<{}}"),
                          row[i], width[i])
            + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

} // namespace raft::programs
