#include <raft/bench/usage.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

namespace raft::bench {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& from) {
  std::ifstream in{from};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::uint64_t field_of(pid_t process, const char* file, const char* name) {
  auto text = read_file(fmt::format("/proc/{}/{}", process, file));
  auto result = parse_field(text, name);
  if (!result)
    throw std::runtime_error{
      fmt::format("/proc/{}/{} has no {}: the server has ended, or is somebody "
                  "else's",
                  process, file, name)};
  return *result;
}

double cpu_seconds_of(pid_t process) {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(process, &clock) != 0
      || clock_gettime(clock, &time) != 0)
    throw std::runtime_error{
      fmt::format("server process {} has ended", process)};
  return static_cast<double>(time.tv_sec)
       + static_cast<double>(time.tv_nsec) / 1e9;
}

} // namespace

process_usage usage_of(pid_t process) {
  process_usage result;
  result.cpu_seconds = cpu_seconds_of(process);
  result.written_bytes = field_of(process, "io", "write_bytes");
  result.resident_bytes = field_of(process, "status", "VmRSS") * 1024;
  result.anonymous_bytes = field_of(process, "status", "RssAnon") * 1024;
  return result;
}

std::optional<disk_usage> disk_of(const fs::path& file) {
  struct stat info;
  if (::stat(file.c_str(), &info) != 0)
    return std::nullopt;
  auto device = fs::path{fmt::format("/sys/dev/block/{}:{}", major(info.st_dev),
                                     minor(info.st_dev))};
  // Flushes are counted for whole disks only.
  if (fs::exists(device / "partition"))
    device /= "..";
  return parse_disk_usage(read_file(device / "stat"));
}

std::optional<disk_usage> parse_disk_usage(std::string_view stat) {
  constexpr std::size_t written_sectors = 6, flushes = 15;
  constexpr std::uint64_t sector_bytes = 512; // whatever the disk's are
  std::istringstream in{std::string{stat}};
  std::vector<std::uint64_t> fields{std::istream_iterator<std::uint64_t>{in},
                                    {}};
  if (fields.size() <= flushes)
    return std::nullopt;
  return disk_usage{fields[flushes], fields[written_sectors] * sector_bytes};
}

std::optional<std::uint64_t> parse_field(std::string_view text,
                                         std::string_view name) {
  auto begin = ("\n" + std::string{text}).find(fmt::format("\n{}:", name));
  if (begin == std::string::npos)
    return std::nullopt;
  auto rest = text.substr(begin + name.size() + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::uint64_t result = 0;
  auto [end, error]
    = std::from_chars(rest.data(), rest.data() + rest.size(), result);
  return error == std::errc{} ? std::optional{result} : std::nullopt;
}

double load_average() {
  double result = 0;
  return ::getloadavg(&result, 1) == 1 ? result : 0;
}

} // namespace raft::bench
