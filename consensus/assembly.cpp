#include <raft/consensus/assembly.hpp>

#include <cassert>
#include <utility>

namespace raft::consensus {

std::optional<entry> assembly::take(const entry& piece, std::uint64_t offset,
                                    std::uint64_t size) {
  const auto part = piece.data.view();
  assert(!part.empty() && offset + part.size() <= size);
  if (where() != log_position{piece.index, piece.term} || size != size_) {
    if (offset > 0)
      return std::nullopt;
    drop();
    head_ = piece;
    head_.data = {};
    size_ = size;
    data_.reserve(size); // takes memory as it is written
  }
  if (offset != data_.size())
    return std::nullopt;
  data_ += part;
  if (data_.size() < size_)
    return std::nullopt;
  auto result = std::move(head_);
  result.data = bytes{std::move(data_)};
  drop();
  return result;
}

void assembly::drop() noexcept {
  head_ = {};
  data_ = std::string{}; // gives the memory back
  size_ = 0;
}

log_position assembly::where() const noexcept {
  return {head_.index, head_.term};
}

std::uint64_t assembly::received() const noexcept {
  return data_.size();
}

} // namespace raft::consensus
