// All operations, lengths and states of a connection, as the gate sees them.

#include <raft/tests/transport/samples.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

namespace raft::transport {

std::ostream& operator<<(std::ostream& out, fault x) {
  return out << to_text(x);
}

BOOST_AUTO_TEST_SUITE(gate_tests)

namespace {

constexpr std::size_t longest = 1000;

using kind = verdict::kind;

frame_header header(operation what, std::size_t payload) {
  frame_header result;
  result.code = static_cast<std::uint8_t>(what);
  result.payload_bytes = static_cast<std::uint32_t>(payload);
  switch (what) {
    case operation::server_handshake:
      result.data = 3;
      break;
    case operation::direct_message:
    case operation::routed_message:
      result.data = std::uint64_t{1} << 60;
      result.source_actor = 8;
      result.dest_actor = 9;
      break;
    case operation::monitor_message:
      result.dest_actor = 9;
      break;
    case operation::down_message:
      result.source_actor = 8;
      break;
    default:
      break;
  }
  return result;
}

frame_header name(std::uint8_t flags = 0) {
  auto result = header(operation::client_handshake, node_name_bytes);
  result.flags = flags;
  return result;
}

gate fresh(end_point end = end_point::accepted) {
  return {end, us, small_vocabulary(), {longest, 3}};
}

/// After the handshake.
gate open(end_point end = end_point::accepted) {
  auto result = fresh(end);
  if (end == end_point::dialed) {
    auto said = introduction(them);
    result.header(header(operation::server_handshake, said.size()));
    result.payload(said);
  } else {
    result.header(name());
    result.payload(them);
    result.header(name(select_flag));
    result.payload(them);
  }
  BOOST_REQUIRE(result.introduced());
  return result;
}

fault refusal(gate x, const frame_header& h) {
  auto found = x.header(h);
  return found.what == kind::refuse ? found.why : fault::none;
}

} // namespace

BOOST_AUTO_TEST_CASE(headers_are_read_as_they_are_written) {
  frame_header x{2, {0, 0}, 1, 0x01020304, 0x1122334455667788, 42, 43};
  auto bytes = write_frame_header(x);
  BOOST_TEST((read_frame_header({bytes.data(), bytes.size()}) == x));
  BOOST_TEST(bytes[4] == 1);
  BOOST_TEST(bytes[31] == 43);
}

BOOST_AUTO_TEST_CASE(who_accepts_hears_a_name_and_then_a_choice) {
  auto x = fresh();
  BOOST_TEST((x.header(name()) == verdict{}));
  BOOST_TEST((x.payload(them) == verdict{kind::drop, fault::none}));
  BOOST_TEST(x.node() == them);
  BOOST_TEST(!x.introduced());
  BOOST_TEST((x.header(name(select_flag)) == verdict{}));
  BOOST_TEST((x.payload(them) == verdict{kind::introduced, fault::none}));
  BOOST_TEST(x.introduced());
}

BOOST_AUTO_TEST_CASE(who_dials_hears_the_server) {
  auto x = open(end_point::dialed);
  BOOST_TEST(x.node() == them);
}

BOOST_AUTO_TEST_CASE(nobody_changes_his_name) {
  auto x = fresh();
  x.header(name());
  x.payload(them);
  x.header(name(select_flag));
  BOOST_TEST((x.payload(third) == verdict{kind::refuse, fault::other_node}));
  // Nor can it be ours.
  auto y = fresh();
  y.header(name());
  y.payload(us);
  y.header(name(select_flag));
  BOOST_TEST((y.payload(us) == verdict{kind::refuse, fault::other_node}));
}

BOOST_AUTO_TEST_CASE(names_must_be_names) {
  auto x = fresh();
  x.header(name());
  BOOST_TEST((x.payload(std::string(32, 'x'))
              == verdict{kind::refuse, fault::bad_payload}));
}

BOOST_AUTO_TEST_CASE(the_handshake_comes_first_and_once) {
  auto server = header(operation::server_handshake, 100);
  BOOST_TEST(refusal(fresh(), server) == fault::out_of_turn);
  BOOST_TEST(refusal(fresh(), name(select_flag)) == fault::out_of_turn);
  BOOST_TEST(refusal(fresh(end_point::dialed), name()) == fault::out_of_turn);
  for (auto end : {end_point::accepted, end_point::dialed})
    for (auto& x : {name(), name(select_flag), server})
      BOOST_TEST(refusal(open(end), x) == fault::out_of_turn);
  auto named = fresh();
  named.header(name());
  named.payload(them);
  BOOST_TEST(refusal(named, name()) == fault::out_of_turn);
}

BOOST_AUTO_TEST_CASE(nothing_else_comes_before_it) {
  auto named = fresh();
  named.header(name());
  named.payload(them);
  for (auto what : {operation::direct_message, operation::routed_message,
                    operation::monitor_message, operation::down_message,
                    operation::heartbeat}) {
    BOOST_TEST(refusal(fresh(), header(what, 64)) == fault::out_of_turn);
    BOOST_TEST(refusal(fresh(end_point::dialed), header(what, 64))
               == fault::out_of_turn);
    BOOST_TEST(refusal(named, header(what, 64)) == fault::out_of_turn);
  }
}

BOOST_AUTO_TEST_CASE(nobody_sends_for_a_third_one) {
  BOOST_TEST((open().header(header(operation::routed_message, 64))
              == verdict{kind::drop, fault::forbidden}));
}

BOOST_AUTO_TEST_CASE(a_payload_is_there_where_it_must_be) {
  BOOST_TEST(refusal(fresh(), header(operation::client_handshake, 0))
             == fault::no_payload);
  BOOST_TEST(
    refusal(fresh(end_point::dialed), header(operation::server_handshake, 0))
    == fault::no_payload);
  for (auto what : {operation::direct_message, operation::monitor_message,
                    operation::down_message})
    BOOST_TEST(refusal(open(), header(what, 0)) == fault::no_payload);
  BOOST_TEST(refusal(open(), header(operation::heartbeat, 0)) == fault::none);
}

BOOST_AUTO_TEST_CASE(lengths_are_bounded) {
  auto check = [](const gate& x, operation what, std::size_t most) {
    BOOST_TEST(refusal(x, header(what, most)) == fault::none);
    BOOST_TEST(refusal(x, header(what, most + 1)) == fault::too_long);
    BOOST_TEST(refusal(x, header(what, 1 << 30)) == fault::too_long);
    BOOST_TEST(refusal(x, header(what, 0xFFFFFFFF)) == fault::too_long);
  };
  check(fresh(), operation::client_handshake, 32);
  check(fresh(end_point::dialed), operation::server_handshake,
        gate::handshake_bytes_max);
  check(open(), operation::direct_message, longest);
  check(open(), operation::monitor_message, 64);
  check(open(), operation::down_message, 64 + error_bytes_max);
  BOOST_TEST(refusal(open(), header(operation::heartbeat, 1))
             == fault::too_long);
  auto member = open();
  member.allow(2 * longest);
  check(member, operation::direct_message, 2 * longest);
}

BOOST_AUTO_TEST_CASE(only_operations_are_operations) {
  for (int code = 7; code < 256; ++code) {
    frame_header x;
    x.code = static_cast<std::uint8_t>(code);
    BOOST_TEST(refusal(fresh(), x) == fault::no_operation);
    BOOST_TEST(refusal(open(), x) == fault::no_operation);
  }
}

BOOST_AUTO_TEST_CASE(fields_that_mean_nothing_are_empty) {
  using field = void (*)(frame_header&);
  struct row {
    operation what;
    std::size_t payload;
    std::vector<field> wrong;
  };
  field padding = [](frame_header& x) { x.padding[1] = 1; };
  field flags = [](frame_header& x) { x.flags = 4; };
  field select = [](frame_header& x) { x.flags = select_flag; };
  field data = [](frame_header& x) { x.data = 5; };
  field from = [](frame_header& x) { x.source_actor = 5; };
  field to = [](frame_header& x) { x.dest_actor = 5; };
  field from_nobody = [](frame_header& x) { x.source_actor = 0; };
  field to_nobody = [](frame_header& x) { x.dest_actor = 0; };
  std::vector<row> rows{
    {operation::direct_message, 64, {padding, flags, select, to_nobody}},
    {operation::monitor_message,
     64,
     {padding, flags, select, data, from, to_nobody}},
    {operation::down_message, 75, {padding, flags, data, from_nobody, to}},
    {operation::heartbeat, 0, {padding, flags, data, from, to}},
  };
  for (auto& x : rows)
    for (auto change : x.wrong) {
      auto h = header(x.what, x.payload);
      BOOST_TEST(refusal(open(), h) == fault::none);
      change(h);
      BOOST_TEST(refusal(open(), h) == fault::bad_header);
    }
  for (auto change : {padding, flags, data, from, to}) {
    auto h = name();
    change(h);
    BOOST_TEST(refusal(fresh(), h) == fault::bad_header);
  }
  for (auto change : {padding, select, from, to}) {
    auto h = header(operation::server_handshake, 100);
    change(h);
    BOOST_TEST(refusal(fresh(end_point::dialed), h) == fault::bad_header);
  }
}

BOOST_AUTO_TEST_CASE(versions_must_agree) {
  auto x = header(operation::server_handshake, 100);
  x.data = 4;
  BOOST_TEST(refusal(fresh(end_point::dialed), x) == fault::other_version);
}

BOOST_AUTO_TEST_CASE(named_receivers_and_urgent_messages_do_not_arrive) {
  auto x = header(operation::direct_message, 64);
  x.flags = named_receiver_flag;
  BOOST_TEST((open().header(x) == verdict{kind::drop, fault::none}));
  for (auto data : {std::uint64_t{0}, std::uint64_t{2} << 60,
                    std::uint64_t{3} << 60, std::uint64_t{1} << 63}) {
    auto y = header(operation::direct_message, 64);
    y.data = data;
    BOOST_TEST((open().header(y) == verdict{kind::drop, fault::forbidden}));
  }
}

BOOST_AUTO_TEST_CASE(messages_are_judged_by_their_content) {
  auto x = open();
  auto said = content("@<>+word", "");
  x.header(header(operation::direct_message, said.size()));
  BOOST_TEST((x.payload(said) == verdict{}));
  BOOST_TEST((x.payload(content("@<>+@exit", ""))
              == verdict{kind::drop, fault::forbidden}));
  BOOST_TEST((x.payload(std::string(1, 0) + "nonsense")
              == verdict{kind::refuse, fault::bad_payload}));
  // An error is an answer, never a message of its own.
  auto error = content("@<>+@error", number(4, 1) + number(9, 8) + number(0, 2)
                                       + text("@<>"));
  BOOST_TEST((x.payload(error) == verdict{kind::drop, fault::forbidden}));
  auto answer = header(operation::direct_message, error.size());
  answer.data |= std::uint64_t{1} << 63 | 17;
  x.header(answer);
  BOOST_TEST((x.payload(error) == verdict{}));
}

BOOST_AUTO_TEST_CASE(each_speaks_for_itself_and_to_us) {
  auto x = open();
  auto check = [&](operation what, const std::string& rest) {
    x.header(header(what, 64 + rest.size()));
    BOOST_TEST((x.payload(them + us + rest) == verdict{}));
    for (auto& wrong : {third + us, them + third, us + them, us + us})
      BOOST_TEST(
        (x.payload(wrong + rest) == verdict{kind::refuse, fault::other_node}));
    BOOST_TEST((x.payload(them + us + rest + "x").what
                == (rest.empty() ? kind::refuse : kind::pass)));
    BOOST_TEST((x.payload(them) == verdict{kind::refuse, fault::bad_payload}));
  };
  check(operation::monitor_message, "");
  check(operation::down_message,
        number(4, 1) + number(9, 8) + number(0, 2) + text("@<>"));
}

BOOST_AUTO_TEST_CASE(others_are_recognized) {
  BOOST_TEST(std::string{hint_of("GET / HTTP")} != "");
  BOOST_TEST(std::string{hint_of("\x16\x03\x01")} != "");
  BOOST_TEST(std::string{hint_of("*1\r\n")} != "");
  BOOST_TEST(std::string{hint_of("x")} == "");
}

/// Whatever comes, in whatever order: no crash, and nothing passes whose length
/// the header does not bound.
BOOST_AUTO_TEST_CASE(random_headers_and_payloads) {
  std::mt19937_64 random{17};
  for (int round = 0; round < 20'000; ++round) {
    auto end = random() % 2 ? end_point::accepted : end_point::dialed;
    auto x = random() % 2 ? fresh(end) : open(end);
    for (int step = 0; step < 8; ++step) {
      auto h = header(static_cast<operation>(random() % 8), random() % 128);
      auto bytes = write_frame_header(h);
      for (auto n = random() % 3; n > 0; --n)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      h = read_frame_header({bytes.data(), bytes.size()});
      auto found = x.header(h);
      if (found.what == kind::refuse)
        break;
      BOOST_REQUIRE(h.payload_bytes <= gate::handshake_bytes_max);
      if (found.what == kind::drop)
        continue;
      auto said = random() % 2
                  ? content("@<>+greet+acceptor", "x" + handle(7, them))
                  : them + us;
      said.resize(h.payload_bytes, 'x');
      for (auto n = random() % 3; n > 0 && !said.empty(); --n)
        said[random() % said.size()] = static_cast<char>(random());
      if (x.payload(said).what == kind::refuse)
        break;
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raft::transport
