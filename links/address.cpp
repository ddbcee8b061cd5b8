#include <raft/links/address.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <charconv>
#include <limits>
#include <optional>

namespace raft::links {

namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T result{};
  auto end = text.data() + text.size();
  auto [at, code] = std::from_chars(text.data(), end, result);
  if (code != std::errc{} || at != end || text.empty())
    return std::nullopt;
  return result;
}

[[noreturn]] void no_address(std::string_view text) {
  throw configuration_error{fmt::format(
    "\"{}\" is no address: write host:port, such as 127.0.0.1:7001, with a "
    "port up to {}",
    text, std::numeric_limits<std::uint16_t>::max())};
}

} // namespace

std::string to_text(const address& x) {
  if (x.host.find(':') != std::string::npos)
    return fmt::format("[{}]:{}", x.host, x.port);
  return fmt::format("{}:{}", x.host, x.port);
}

address parse_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    no_address(text);
  auto host = text.substr(0, colon);
  auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find_first_of(":[]") != std::string_view::npos)
    no_address(text);
  if (host.empty() || !port)
    no_address(text);
  return {std::string{host}, *port};
}

bool is_loopback(const address& x) {
  if (x.host == "localhost")
    return true;
  in_addr v4{};
  if (inet_pton(AF_INET, x.host.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
  in6_addr v6{};
  return inet_pton(AF_INET6, x.host.c_str(), &v6) == 1
      && IN6_IS_ADDR_LOOPBACK(&v6);
}

member parse_member(std::string_view text) {
  auto equals = text.find('=');
  auto id = parse_number<std::uint64_t>(text.substr(0, equals));
  if (equals == std::string_view::npos || !id || *id == 0)
    throw configuration_error{
      fmt::format("\"{}\" is no member: write id=host:port with an id from 1, "
                  "such as 1=127.0.0.1:7001",
                  text)};
  return {peer_id{*id}, parse_address(text.substr(equals + 1))};
}

} // namespace raft::links
