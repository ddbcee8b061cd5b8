// What the actors of this program say to each other.

#pragma once

#include <raft/actors/caf/interface.hpp>
#include <raft/messages/caf/type_ids.hpp>

#include <caf/type_id.hpp>

#include <cstdint>
#include <string>

namespace bank {

/// Puts money into an account, which may be a new one.
struct deposit {
  std::string to;
  std::int64_t cents = 0;
};

/// Moves money, unless there is too little.
struct transfer {
  std::string from;
  std::string to;
  std::int64_t cents = 0;
};

struct receipt {
  bool done = false;
  /// What the account that paid, or got the deposit, holds now; or else why
  /// nothing was done.
  std::string text;
};

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
