#include <raft/snapshots/snapshot_error.hpp>

#include <cerrno>
#include <system_error>

namespace raft::snapshots {

const char* to_text(fault x) {
  switch (x) {
    case fault::no_access:
      return "no access";
    case fault::no_snapshot:
      return "no snapshot";
    case fault::newer_format:
      return "newer format";
    case fault::cut_short:
      return "cut short";
    case fault::damaged:
      return "damaged";
  }
  return "unknown fault";
}

void no_access(const char* verb, const std::string& path) {
  auto reason = std::generic_category().message(errno);
  throw snapshot_error{fault::no_access, std::string{"cannot "} + verb + " '"
                                           + path + "': " + reason
                                           + "; check its permissions and the "
                                             "disk"};
}

} // namespace raft::snapshots
