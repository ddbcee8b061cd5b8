#include <raft/scenarios/kv_user.hpp>

#include <memory>
#include <utility>

namespace raft::scenarios {

using namespace std::chrono_literals;

namespace {

/// A command that takes longer keeps its scenario from ending in time.
constexpr auto call_max = 120s;

} // namespace

kv_user::kv_user(test_context& owner, kv_history& history)
  : context_{owner}, history_{history}, number_{owner.where().open_client()} {
  // nop
}

void kv_user::set_reach(const std::vector<peer_number>& peers) {
  context_.where().set_reach(number_, peers);
}

void kv_user::begin(kv::command what, reply_function then) {
  auto place = history_.calls.size();
  auto data = kv::encode(what);
  history_.calls.push_back(
    {number_, context_.where().now(), {}, std::move(what), {}});
  auto done = [this, place, then = std::move(then)](const executed& result) {
    require(result.result == outcome::committed, "a command to be executed",
            result.result == outcome::rejected ? "it was rejected"
                                               : "its outcome is unknown");
    auto reply = kv::decode_reply(result.reply);
    require(reply && reply->result == kv::status::ok, "a reply", "another one");
    auto& call = history_.calls[place];
    call.end = context_.where().now();
    call.reply = *reply;
    then(*reply);
  };
  context_.where().execute(number_, std::move(data), std::move(done));
}

kv::reply kv_user::call(kv::command what) {
  auto result = std::make_shared<std::optional<kv::reply>>();
  begin(std::move(what), [result](const kv::reply& x) { *result = x; });
  auto answered = context_.where().wait_until(
    call_max, [&] { return result->has_value(); }, 1ms);
  require(answered, "a command to be executed within 120 s", "no answer");
  return std::move(**result);
}

void kv_user::put(const std::string& key, const std::string& value) {
  call(kv::put{key, value});
}

void kv_user::append(const std::string& key, const std::string& value) {
  call(kv::append{key, value});
}

std::string kv_user::get(const std::string& key) {
  return value_of(call(kv::get{{key}}));
}

std::string value_of(const kv::reply& x) {
  require(x.values.size() == 1, "one value", std::to_string(x.values.size()));
  return x.values.front().value_or(std::string{});
}

} // namespace raft::scenarios
