// What the actors of this program say to each other.

#pragma once

#include "orders.hpp"
#include <raft/actors/caf/interface.hpp>
#include <raft/messages/caf/type_ids.hpp>

#include <caf/type_id.hpp>

namespace bank {

/// CAF sends messages by what `inspect` shows of them. This one shows all
/// fields of a plain struct, on every version of CAF.
using raft::inspect;

/// Serves customers.
using teller_actor
  = raft::actors::actor_interface<raft::actors::answers<deposit, receipt>,
                                  raft::actors::answers<transfer, receipt>>;

} // namespace bank

CAF_BEGIN_TYPE_ID_BLOCK(bank, raft::first_free_type_id)

  CAF_ADD_TYPE_ID(bank, (bank::deposit))
  CAF_ADD_TYPE_ID(bank, (bank::receipt))
  CAF_ADD_TYPE_ID(bank, (bank::transfer))

CAF_END_TYPE_ID_BLOCK(bank)
