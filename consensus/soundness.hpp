// Whether a message can have been meant, whoever sent it.

#pragma once

#include <raft/messages/append.hpp>
#include <raft/messages/install.hpp>
#include <raft/messages/persist.hpp>
#include <raft/messages/read_index.hpp>
#include <raft/messages/transfer.hpp>
#include <raft/messages/vote.hpp>

#include <cstdint>
#include <string>

namespace raft::consensus {

/// No election leads beyond this term, and no entry lies beyond this index. A
/// cluster that counts a million times a second is there in 146,000 years: a
/// larger number was never reached by counting, and the arithmetic of all
/// smaller ones cannot overflow.
inline constexpr term_number term_max{std::uint64_t{1} << 62};
inline constexpr log_index index_max{std::uint64_t{1} << 62};

/// No entry has more data, in bytes.
inline constexpr std::uint64_t entry_bytes_max = 64 << 20;

/// How far one message moves a peer's term. Whoever is farther behind gets
/// there in several steps (a term may be entered without a vote at any time),
/// so that no single message can use up the terms that there are.
inline constexpr std::uint64_t term_step_max = 1 << 16;

/// Whether such an entry may be sent in pieces. Others are judged as a whole.
bool is_divisible(entry_kind kind) noexcept;

/// Whether these can be the members of a group: each is in one place, there is
/// a voter, and there are not too many.
bool is_sound(const membership& x);

/// Whether the fields go together: indexes follow each other, terms never
/// decrease nor pass the sender's, kinds are known, and no number is one that
/// counting cannot reach. Says nothing about whether it is true.
bool is_sound(const vote_request& msg);
bool is_sound(const vote_reply& msg);
bool is_sound(const append_request& msg);
bool is_sound(const append_reply& msg);
bool is_sound(const read_index_request& msg);
bool is_sound(const read_index_reply& msg);
bool is_sound(const timeout_now& msg);
bool is_sound(const install_request& msg);
bool is_sound(const install_reply& msg);

/// Says why a peer must not go on with what its store holds, because no peer
/// can have come there by itself; empty if it can.
std::string complaint_about_numbers(const durable_state& recovered);

/// Says why a peer cannot start: its log and its state machine do not fit
/// together, because one of them was lost or replaced, its store holds numbers
/// that no peer reaches, or the other members have gone on to a version that it
/// does not speak. Empty if it can.
/// @param level_max See `settings::level_max`.
std::string complaint_about(const durable_state& recovered, log_index applied,
                            std::uint64_t level_max = protocol_version);

} // namespace raft::consensus
