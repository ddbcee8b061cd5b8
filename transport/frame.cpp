#include <raft/transport/frame.hpp>

namespace raft::transport {

std::uint64_t read_number(std::string_view bytes, std::size_t size) {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < size; ++i)
    result = result << 8 | static_cast<std::uint8_t>(bytes[i]);
  return result;
}

frame_header read_frame_header(std::string_view bytes) {
  frame_header result;
  result.code = static_cast<std::uint8_t>(bytes[0]);
  result.padding = {static_cast<std::uint8_t>(bytes[1]),
                    static_cast<std::uint8_t>(bytes[2])};
  result.flags = static_cast<std::uint8_t>(bytes[frame_flags_offset]);
  result.payload_bytes
    = static_cast<std::uint32_t>(read_number(bytes.substr(4), 4));
  result.data = read_number(bytes.substr(8), 8);
  result.source_actor = read_number(bytes.substr(16), 8);
  result.dest_actor = read_number(bytes.substr(24), 8);
  return result;
}

std::array<char, frame_header_bytes> write_frame_header(const frame_header& x) {
  std::array<char, frame_header_bytes> result{};
  auto put = [&](std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      result[at + i] = static_cast<char>(value >> 8 * (size - 1 - i) & 0xFF);
  };
  put(0, x.code, 1);
  put(1, x.padding[0], 1);
  put(2, x.padding[1], 1);
  put(frame_flags_offset, x.flags, 1);
  put(4, x.payload_bytes, 4);
  put(8, x.data, 8);
  put(16, x.source_actor, 8);
  put(24, x.dest_actor, 8);
  return result;
}

} // namespace raft::transport
