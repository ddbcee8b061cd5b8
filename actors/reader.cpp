#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/actors/reader.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <stdexcept>
#include <utility>

namespace raft::actors {

namespace {

class reader_state {
public:
  static inline const char* name = "raft.reader";

  std::shared_ptr<persistence::store> store;
};

caf::result<entries_read> read_from(persistence::store& store,
                                    const read_entries& what) {
  try {
    return entries_read{
      what.group, what.reader, what.first,
      store.read(what.group, what.first, what.last, what.bytes_max)};
  } catch (const std::exception& e) {
    return failure("reading entry " + to_text(what.first) + " of group "
                   + to_text(what.group) + " failed: " + e.what());
  }
}

reader_actor::behavior_type
reader(sheltered_pointer<reader_state, reader_actor> self,
       std::shared_ptr<persistence::store> store) {
  state_of(self).store = std::move(store);
  return {
    [self](const read_entries& msg) {
      return read_from(*state_of(self).store, msg);
    },
    [self](const stop& msg) {
      state_of(self).store.reset();
      self->quit();
      return stopped{msg.group};
    },
  };
}

} // namespace

reader_actor spawn_reader(caf::actor_system& system,
                          std::shared_ptr<persistence::store> store,
                          bool detached) {
  if (!store)
    throw std::invalid_argument{"a reader needs a store"};
  return spawn_actor(system, detached, reader, std::move(store));
}

} // namespace raft::actors
