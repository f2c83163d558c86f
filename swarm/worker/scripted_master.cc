#include "swarm/worker/scripted_master.h"

#include <gtest/gtest.h>

#include <zmq.hpp>

namespace triggers::swarm {
namespace {

using msgpack::Value;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{10};

}  // namespace

struct ScriptedMaster::Sockets {
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
};

ScriptedMaster::ScriptedMaster(bool answers_heartbeats, std::uint16_t port)
    : sockets_(std::make_unique<Sockets>()), answers_heartbeats_(answers_heartbeats) {
  sockets_->router.set(zmq::sockopt::linger, 0);
  sockets_->router.bind("tcp://127.0.0.1:" + (port == 0 ? std::string{"*"} : std::to_string(port)));
  const std::string endpoint = sockets_->router.get(zmq::sockopt::last_endpoint);
  port_ = static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
}

ScriptedMaster::~ScriptedMaster() = default;

std::optional<ScriptedMaster::Message> ScriptedMaster::receive(milliseconds time_max) {
  zmq::message_t identity, payload;
  sockets_->router.set(zmq::sockopt::rcvtimeo, static_cast<int>(time_max.count()));
  if (!sockets_->router.recv(identity) || !identity.more() || !sockets_->router.recv(payload)) return std::nullopt;
  EXPECT_FALSE(payload.more()) << "a message is one frame";
  worker_ = identity.to_string();
  const auto value = msgpack::unpack(payload.to_string_view());
  const auto* const parts = value.ok() ? value->array() : nullptr;
  if (parts == nullptr || parts->size() != 3) {
    ADD_FAILURE() << "not [type, data, node id]: a master goes deaf of that";
    return std::nullopt;
  }
  Message message{std::string{(*parts)[0].text().value_or("")}, (*parts)[1],
                  std::string{(*parts)[2].text().value_or("")}};
  EXPECT_EQ(message.node_id, worker_);
  if (message.type == "stats") {
    requests_ += message.data.find("stats_total")->find("num_requests")->count().value();
    failures_ += message.data.find("stats_total")->find("num_failures")->count().value();
    stats_.push_back(message);
  }
  if (message.type == "heartbeat") {
    heartbeats_.push_back(message);
    if (answers_heartbeats_) send("heartbeat");
  }
  return message;
}

bool ScriptedMaster::take_until(const std::function<bool(const Message&)>& fits) {
  const auto until = steady_clock::now() + patience;
  while (steady_clock::now() < until) {
    const auto message = receive(std::chrono::ceil<milliseconds>(until - steady_clock::now()));
    if (message && fits(*message)) return true;
  }
  return false;
}

std::optional<ScriptedMaster::Message> ScriptedMaster::next() {
  std::optional<Message> found;
  take_until([&](const Message& message) {
    if (message.type == "heartbeat" || message.type == "stats") return false;
    found = message;
    return true;
  });
  return found;
}

ScriptedMaster::Message ScriptedMaster::expect(std::string_view type) {
  const auto message = next();
  EXPECT_TRUE(message.has_value()) << "no " << type;
  if (!message) return {};
  EXPECT_EQ(message->type, type);
  return message->type == type ? *message : Message{};
}

void ScriptedMaster::send(std::string_view type, Value data) {
  zmq::message_t identity{worker_};
  zmq::message_t payload{msgpack::pack(Value{Value::Array{Value{type}, std::move(data), Value{worker_}}})};
  sockets_->router.send(identity, zmq::send_flags::sndmore);
  sockets_->router.send(payload, zmq::send_flags::none);
}

void ScriptedMaster::take_worker() {
  expect("client_ready");
  send("ack", Value::Map{{"index", 0}});
}

void ScriptedMaster::spawn(Value::Map users, const std::string& host, double stop_timeout, Value::Map options) {
  send("spawn", Value::Map{{"timestamp", timestamp_ += 1},
                           {"user_classes_count", std::move(users)},
                           {"host", host.empty() ? Value{} : Value{host}},
                           {"stop_timeout", stop_timeout},
                           {"parsed_options", std::move(options)}});
}

}  // namespace triggers::swarm
