#include <raft/scenarios/temporary_directory.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace raft::scenarios {

temporary_directory::temporary_directory() {
  auto name = (std::filesystem::temp_directory_path() / "raft-scenario-XXXXXX")
                .string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::runtime_error{"can not make a directory like " + name};
  path_ = name;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace raft::scenarios
