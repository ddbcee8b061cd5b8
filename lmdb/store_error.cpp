#include <raft/lmdb/store_error.hpp>

namespace raft::lmdb {

const char* to_text(store_errc x) {
  switch (x) {
    case store_errc::no_access:
      return "no access";
    case store_errc::in_use:
      return "in use";
    case store_errc::foreign:
      return "foreign";
    case store_errc::newer_format:
      return "newer format";
    case store_errc::corrupt:
      return "corrupt";
    case store_errc::no_space:
      return "no space";
    case store_errc::write_failed:
      return "write failed";
  }
  return "unknown error";
}

} // namespace raft::lmdb
