#include <raft/persistence/store.hpp>

namespace raft::persistence {

store::~store() = default;

} // namespace raft::persistence
