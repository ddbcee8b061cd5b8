#include <raft/transport/gate.hpp>

#include <utility>

namespace raft::transport {

namespace {

/// Of the number of a message: whether it is an answer, whether it is a request
/// or one, and which kind of message it is.
constexpr std::uint64_t response_flag = std::uint64_t{1} << 63;
constexpr std::uint64_t kind_mask = std::uint64_t{3} << 60;
constexpr std::uint64_t normal_kind = std::uint64_t{1} << 60;

/// Messages that an actor has ended, and that somebody wants to hear of it.
constexpr std::size_t two_nodes = 2 * node_name_bytes;

verdict refuse(fault why) {
  return {verdict::kind::refuse, why};
}

verdict drop(fault why) {
  return {verdict::kind::drop, why};
}

verdict of(judgment x) {
  switch (x) {
    case judgment::fine:
      return {};
    case judgment::forbidden:
      return drop(fault::forbidden);
    default:
      return refuse(fault::bad_payload);
  }
}

} // namespace

const char* to_text(fault x) {
  switch (x) {
    case fault::no_operation:
      return "what came is no message of this protocol";
    case fault::bad_header:
      return "what came is no message of this protocol: its header "
             "contradicts itself";
    case fault::too_long:
      return "it announced a longer message than there can be";
    case fault::no_payload:
      return "it announced a message without content";
    case fault::out_of_turn:
      return "it sent what has no place there, such as a message before the "
             "handshake or a second handshake";
    case fault::other_version:
      return "it speaks another version of CAF's protocol";
    case fault::bad_payload:
      return "the content of a message is not what its header says";
    case fault::other_node:
      return "it speaks for another process";
    case fault::forbidden:
      return "nobody may send that from outside";
    default:
      return "nothing is wrong";
  }
}

const char* hint_of(std::string_view bytes) {
  for (auto method : {"GET ", "POST", "PUT ", "HEAD", "OPTI", "DELE", "PRI "})
    if (bytes.starts_with(method))
      return " (it looks like HTTP)";
  if (bytes.starts_with("\x16\x03"))
    return " (it looks like TLS)";
  if (bytes.starts_with("SSH-"))
    return " (it looks like SSH)";
  if (bytes.starts_with("*"))
    return " (it looks like Redis, which has a port of its own)";
  return "";
}

gate::gate(end_point end, std::string own,
           std::shared_ptr<const vocabulary> words, limits bounds)
  : end_{end}, own_{std::move(own)}, words_{std::move(words)}, bounds_{bounds} {
  // nop
}

verdict gate::header(const frame_header& x) {
  last_ = x;
  if (auto found = fault_of(x); found != fault::none)
    return refuse(found);
  // From or to a third node. An actor of ours that hands on what a stranger
  // asked sends such a message, so it must not end a member's connection.
  if (x.what() == operation::routed_message)
    return drop(fault::forbidden);
  if (x.what() != operation::direct_message)
    return {};
  // CAF asks every new node for its server of remote spawns, and that one gives
  // away a store where everybody may put things. We have no use for either.
  if (x.flags == named_receiver_flag)
    return drop(fault::none);
  // What overtakes others, and the parts of streams.
  if ((x.data & kind_mask) != normal_kind)
    return drop(fault::forbidden);
  return {};
}

fault gate::fault_of(const frame_header& x) const {
  if (x.code >= operations)
    return fault::no_operation;
  if (x.padding[0] != 0 || x.padding[1] != 0)
    return fault::bad_header;
  auto is_handshake = x.what() == operation::server_handshake
                   || x.what() == operation::client_handshake;
  if (is_handshake) {
    if (auto found = fault_of_handshake(x); found != fault::none)
      return found;
  } else if (!introduced()) {
    return fault::out_of_turn;
  }
  auto is_heartbeat = x.what() == operation::heartbeat;
  auto is_message = x.what() == operation::direct_message
                 || x.what() == operation::routed_message;
  auto is_down = x.what() == operation::down_message;
  auto is_monitor = x.what() == operation::monitor_message;
  if ((x.flags & ~(is_message ? named_receiver_flag : 0)) != 0 && !is_handshake)
    return fault::bad_header;
  if (!is_message && !is_handshake && x.data != 0)
    return fault::bad_header;
  if (x.source_actor != 0 && !is_message && !is_down)
    return fault::bad_header;
  if (x.dest_actor != 0 && !is_message && !is_monitor)
    return fault::bad_header;
  if ((is_message || is_monitor) && x.dest_actor == 0)
    return fault::bad_header;
  if (is_down && x.source_actor == 0)
    return fault::bad_header;
  if (x.payload_bytes > payload_max(x))
    return fault::too_long;
  if (x.payload_bytes == 0 && !is_heartbeat)
    return fault::no_payload;
  return fault::none;
}

/// Who accepts hears who connected, twice: at first with its name, and once
/// more when that one has decided for this connection. Who connects hears the
/// server, once.
fault gate::fault_of_handshake(const frame_header& x) const {
  auto from_server = x.what() == operation::server_handshake;
  if (from_server != (end_ == end_point::dialed) || introduced())
    return fault::out_of_turn;
  if (from_server)
    return x.flags != 0 || x.data == 0 ? fault::bad_header
         : x.data != bounds_.version   ? fault::other_version
                                       : fault::none;
  if ((x.flags & ~select_flag) != 0 || x.data != 0)
    return fault::bad_header;
  auto selects = x.flags == select_flag;
  return selects == (step_ == step::named) ? fault::none : fault::out_of_turn;
}

std::size_t gate::payload_max(const frame_header& x) const {
  switch (x.what()) {
    case operation::server_handshake:
      return handshake_bytes_max;
    case operation::client_handshake:
      return node_name_bytes;
    case operation::monitor_message:
      return two_nodes;
    case operation::down_message:
      return two_nodes + error_bytes_max;
    case operation::heartbeat:
      return 0;
    default:
      return bounds_.message_bytes_max;
  }
}

verdict gate::payload(std::string_view bytes) {
  switch (last_.what()) {
    case operation::server_handshake:
      if (judge_introduction(bytes) != judgment::fine)
        return refuse(fault::bad_payload);
      node_ = bytes.substr(0, node_name_bytes);
      step_ = step::introduced;
      return {verdict::kind::introduced, fault::none};
    case operation::client_handshake:
      return named(bytes);
    case operation::heartbeat:
      return {};
    default:
      return message(bytes);
  }
}

verdict gate::named(std::string_view bytes) {
  if (!is_node_name(bytes))
    return refuse(fault::bad_payload);
  if (step_ == step::unknown) {
    node_ = bytes;
    step_ = step::named;
    return drop(fault::none);
  }
  // A connection to ourselves ends before its client selects it.
  if (bytes != node_ || bytes == own_)
    return refuse(fault::other_node);
  step_ = step::introduced;
  return {verdict::kind::introduced, fault::none};
}

verdict gate::message(std::string_view bytes) const {
  if (last_.what() == operation::direct_message)
    return of(
      judge_message(*words_, bytes, node_, (last_.data & response_flag) != 0));
  // Who wants to hear of an actor, or who has lost one, and whom it concerns.
  auto from = bytes.substr(0, node_name_bytes);
  auto rest = bytes.substr(from.size());
  auto to = rest.substr(0, node_name_bytes);
  if (!is_node_name(from) || !is_node_name(to))
    return refuse(fault::bad_payload);
  if (from != node_ || to != own_)
    return refuse(fault::other_node);
  rest.remove_prefix(to.size());
  if (last_.what() == operation::monitor_message)
    return rest.empty() ? verdict{} : refuse(fault::bad_payload);
  auto found = judge_error(rest);
  return found == judgment::fine ? verdict{} : refuse(fault::bad_payload);
}

} // namespace raft::transport
