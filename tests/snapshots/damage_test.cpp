// Whatever happens to the bytes of a file, nobody takes it for sound, and the
// message says what is wrong.

#include "samples.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <optional>

using namespace raft;
using namespace raft::snapshots;
using namespace raft::test;

namespace {

struct damage_fixture {
  temporary_directory tmp{fast_place()};
  std::string path = tmp.path("x.snapshot");
  /// Of several chunks.
  std::string sound;

  damage_fixture() {
    write_sample(path, sample_state(2 * chunk_data_bytes + 100));
    sound = content_of(path);
  }

  struct finding {
    fault code;
    std::string text;
  };

  /// Reads a file of these bytes.
  std::optional<finding> look_at(const std::string& data) {
    set_content(path, data);
    try {
      snapshot_reader uut{path};
      verify(uut);
      return std::nullopt;
    } catch (const snapshot_error& e) {
      return finding{e.code(), e.what()};
    }
  }

  void expect(const std::string& data, fault code, const std::string& text) {
    auto found = look_at(data);
    BOOST_REQUIRE(found);
    BOOST_TEST((found->code == code), to_text(found->code));
    BOOST_TEST(found->text.find(text) != std::string::npos, found->text);
    BOOST_TEST(found->text.starts_with("'" + path + "' "), found->text);
  }
};

/// Where the chunk with this number begins, from 1.
std::size_t chunk_at(const std::string& file, std::size_t number) {
  auto at
    = header_head_bytes + encode(sample_description()).size() + checksum_bytes;
  for (; number > 1; --number)
    at += chunk_head_bytes
        + decode_chunk_head(std::string_view{file}.substr(at)).size
        + checksum_bytes;
  return at;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_damage, damage_fixture)

BOOST_AUTO_TEST_CASE(a_file_of_any_shorter_length_is_cut_short) {
  write_sample(path, "state");
  sound = content_of(path);
  BOOST_TEST(!look_at(sound));
  for (std::size_t size = 1; size < sound.size(); ++size) {
    auto found = look_at(sound.substr(0, size));
    BOOST_REQUIRE(found);
    BOOST_TEST((found->code == fault::cut_short), found->text);
  }
  expect("", fault::no_snapshot, "is empty; use another copy");
}

BOOST_AUTO_TEST_CASE(each_flipped_bit_is_found) {
  write_sample(path, "state");
  sound = content_of(path);
  for (std::size_t i = 0; i < 8 * sound.size(); ++i) {
    auto data = sound;
    data[i / 8] = static_cast<char>(data[i / 8] ^ (1 << (i % 8)));
    auto found = look_at(data);
    BOOST_REQUIRE_MESSAGE(found, "bit " << i);
  }
}

BOOST_AUTO_TEST_CASE(so_is_one_in_any_chunk) {
  for (std::size_t i = 0; i < sound.size(); i += 1009) {
    auto data = sound;
    data[i] = static_cast<char>(data[i] ^ 0x40);
    BOOST_REQUIRE_MESSAGE(look_at(data), "byte " << i);
  }
}

BOOST_AUTO_TEST_CASE(it_is_said_where_the_damage_is) {
  auto data = sound;
  data[chunk_at(sound, 3) + 1000] ^= 1;
  expect(data, fault::damaged,
         "is damaged: chunk 3 of 4, at byte "
           + std::to_string(chunk_at(sound, 3))
           + ", fails its checksum; use another copy");
  data = sound;
  data[20] ^= 1;
  expect(data, fault::damaged, "its beginning fails its checksum");
  data = sound;
  data[data.size() - 1] ^= 1;
  expect(data, fault::cut_short, "its end is damaged; use another copy");
  data = sound + "x";
  expect(data, fault::cut_short, "does not end as a snapshot");
}

BOOST_AUTO_TEST_CASE(chunks_keep_their_places) {
  auto second = chunk_at(sound, 2);
  auto third = chunk_at(sound, 3);
  auto size = third - second;
  auto data = sound.substr(0, second) + sound.substr(third, size)
            + sound.substr(second, size) + sound.substr(third + size);
  expect(data, fault::damaged, "chunk 2 of 4");
  data = sound.substr(0, second) + sound.substr(third);
  expect(data, fault::damaged, "chunk 2 of 4");
  data = sound.substr(0, third) + sound.substr(second);
  expect(data, fault::damaged, "chunk 3 of 4");
}

BOOST_AUTO_TEST_CASE(chunks_of_another_file_are_found_out) {
  write_sample(path, sample_state(2 * chunk_data_bytes + 100));
  auto other = content_of(path);
  auto from = chunk_at(sound, 2);
  auto to = chunk_at(sound, 3);
  BOOST_TEST(other.size() == sound.size());
  auto data = sound;
  data.replace(from, to - from, other, from, to - from);
  expect(data, fault::damaged, "chunk 2 of 4");
  data = sound;
  data.replace(data.size() - end_bytes, end_bytes, other,
               other.size() - end_bytes, end_bytes);
  expect(data, fault::cut_short, "its end is damaged");
}

// Whoever has made them meant it so.
BOOST_AUTO_TEST_CASE(parts_that_are_sound_must_add_up) {
  auto head = encode_header(7, sample_description());
  auto file_of = [&](chunk_kind kind, std::uint64_t chunks,
                     std::uint64_t sessions, std::uint64_t bytes) {
    auto data = head;
    append_chunk(data, 7, kind, 1, "state");
    running_checksum all;
    all.add(data);
    append_chunk(data, 7, chunk_kind::end, 2,
                 encode(totals{0, chunks, sessions, bytes, all.value()}));
    return data;
  };
  BOOST_TEST(!look_at(file_of(chunk_kind::state, 1, 0, 5)));
  expect(file_of(chunk_kind::state, 1, 0, 6), fault::damaged, "do not add up");
  expect(file_of(chunk_kind::state, 2, 0, 5), fault::damaged,
         "chunk 2 of 2, at byte");
  expect(file_of(chunk_kind::state, 0, 0, 5), fault::damaged, "do not add up");
  expect(file_of(chunk_kind::state, 1, 2, 5), fault::damaged,
         "says that it has 2 records of sessions, and has 0");
  expect(file_of(chunk_kind::sessions, 1, 0, 5), fault::damaged,
         "records of sessions");
  expect(file_of(chunk_kind{9}, 1, 0, 5), fault::damaged,
         "is of a kind that does not belong there");
}

BOOST_AUTO_TEST_CASE(a_later_version_wants_a_newer_program) {
  auto data = sound;
  data[11] = 3;
  expect(data, fault::newer_format,
         "is a snapshot of format 3, this program knows 2; use a newer "
         "program");
}

BOOST_AUTO_TEST_CASE(what_is_something_else_is_called_so) {
  expect("GIF89a, and much more that has nothing to do with snapshots",
         fault::no_snapshot, "is no snapshot: it does not begin as one");
  expect("rift", fault::no_snapshot, "is no snapshot");
  for (const auto& x : {tmp.path("none"), tmp.path("")}) {
    BOOST_CHECK_THROW(snapshot_reader{x}, snapshot_error);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_being_written_is_not_finished) {
  snapshot_writer out{path, sample_description()};
  out.write(sample_state(3 * chunk_data_bytes));
  try {
    snapshot_reader uut{path + unfinished_suffix};
    BOOST_ERROR("it passes for finished");
  } catch (const snapshot_error& e) {
    BOOST_TEST((e.code() == fault::cut_short), e.what());
  }
}

BOOST_AUTO_TEST_SUITE_END()
