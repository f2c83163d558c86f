#include "amqp_link.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <utility>

namespace triggers::bench {

namespace {

constexpr amqp_channel_t channel = 1;
constexpr int frame_bytes_max = 131'072;
constexpr std::uint8_t persistent = 2;

amqp_bytes_t bytes_of(std::string_view text) {
  // The library takes no pointer to const, and does not write.
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

std::string_view text_of(const amqp_bytes_t& bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }

/// Empty after a normal reply.
std::string text_of(const amqp_rpc_reply_t& reply) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL: return {};
    case AMQP_RESPONSE_NONE: return "no reply";
    case AMQP_RESPONSE_LIBRARY_EXCEPTION: return amqp_error_string2(reply.library_error);
    case AMQP_RESPONSE_SERVER_EXCEPTION: break;
  }
  if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    return std::string{text_of(static_cast<amqp_connection_close_t*>(reply.reply.decoded)->reply_text)};
  }
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    return std::string{text_of(static_cast<amqp_channel_close_t*>(reply.reply.decoded)->reply_text)};
  }
  return "an exception of the broker";
}

}  // namespace

struct AmqpLink::Library {
  amqp_connection_state_t state = amqp_new_connection();
  // The delivery whose frames are arriving.
  std::uint64_t tag = 0, body_size = 0;
  std::string body;

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { amqp_destroy_connection(state); }

  [[nodiscard]] std::string last_failure() const { return text_of(amqp_get_rpc_reply(state)); }

  std::string open(int port) {
    amqp_socket_t* const socket = amqp_tcp_socket_new(state);
    if (socket == nullptr) return "no memory";
    if (const int status = amqp_socket_open(socket, "127.0.0.1", port); status != AMQP_STATUS_OK) {
      return amqp_error_string2(status);
    }
    std::string failure =
        text_of(amqp_login(state, "/", 0, frame_bytes_max, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"));
    if (!failure.empty()) return failure;
    amqp_channel_open(state, channel);
    return last_failure();
  }

  /// Tells the listener what the frame completes. False: the broker has closed the channel or the connection.
  bool handle(const amqp_frame_t& frame, Listener& listener) {
    if (frame.frame_type == AMQP_FRAME_METHOD) return handle_method(frame.payload.method, listener);
    if (frame.frame_type == AMQP_FRAME_HEADER) {
      body_size = frame.payload.properties.body_size;
      body.clear();
    } else if (frame.frame_type == AMQP_FRAME_BODY) {
      const std::string_view part = text_of(frame.payload.body_fragment);
      if (part.size() == body_size) {
        listener.delivered(tag, part);
      } else {
        body += part;
        if (body.size() == body_size) listener.delivered(tag, body);
      }
    }
    return true;
  }

  bool handle_method(const amqp_method_t& method, Listener& listener) {
    switch (method.id) {
      case AMQP_BASIC_DELIVER_METHOD:
        tag = static_cast<amqp_basic_deliver_t*>(method.decoded)->delivery_tag;
        return true;
      case AMQP_BASIC_ACK_METHOD: {
        const auto* const ack = static_cast<amqp_basic_ack_t*>(method.decoded);
        listener.confirmed(ack->delivery_tag, ack->multiple != 0);
        return true;
      }
      default: return false;  // a nack, or the end of the channel or of the connection
    }
  }
};

AmqpLink::AmqpLink(swarm::Reactor& reactor, const AmqpPlace& place)
    : reactor_(reactor), place_(place), library_(std::make_unique<Library>()) {
  failure_ = library_->open(place.port);
}

AmqpLink::~AmqpLink() {
  stop();
  // Waits for the broker, which has then put back what was not acknowledged.
  if (failure_.empty()) amqp_connection_close(library_->state, AMQP_REPLY_SUCCESS);
}

void AmqpLink::declare_queue(const std::string& type) {
  if (!failure_.empty()) return;
  amqp_table_entry_t entry{.key = bytes_of("x-queue-type"), .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {}}};
  entry.value.value.bytes = bytes_of(type);
  const amqp_table_t arguments{.num_entries = 1, .entries = &entry};
  amqp_queue_declare(library_->state, channel, bytes_of(place_.queue), 0, 1, 0, 0, arguments);
  failure_ = library_->last_failure();
}

void AmqpLink::select_confirms() {
  if (!failure_.empty()) return;
  amqp_confirm_select(library_->state, channel);
  failure_ = library_->last_failure();
}

void AmqpLink::consume(std::uint16_t prefetch) {
  if (!failure_.empty()) return;
  amqp_basic_qos(library_->state, channel, 0, prefetch, 0);
  failure_ = library_->last_failure();
  if (!failure_.empty()) return;
  amqp_basic_consume(library_->state, channel, bytes_of(place_.queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  failure_ = library_->last_failure();
}

std::uint64_t AmqpLink::delete_queue() {
  if (!failure_.empty()) return 0;
  const auto* const deleted = amqp_queue_delete(library_->state, channel, bytes_of(place_.queue), 0, 0);
  failure_ = library_->last_failure();
  return deleted != nullptr ? deleted->message_count : 0;
}

void AmqpLink::start(Listener& listener) {
  listener_ = &listener;
  if (!failure_.empty()) return listener.failed(failure_);
  reactor_.watch(amqp_get_sockfd(library_->state), *this, EPOLLIN);
  watched_ = true;
  read();  // The broker may have sent events together with its answer to consume().
}

void AmqpLink::publish(std::string_view body) {
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = persistent;
  const int status = amqp_basic_publish(library_->state, channel, amqp_empty_bytes, bytes_of(place_.queue), 0, 0,
                                        &properties, bytes_of(body));
  if (status != AMQP_STATUS_OK) fail(amqp_error_string2(status));
}

void AmqpLink::acknowledge_through(std::uint64_t tag) {
  const int status = amqp_basic_ack(library_->state, channel, tag, 1);
  if (status != AMQP_STATUS_OK) fail(amqp_error_string2(status));
}

void AmqpLink::stop() {
  if (watched_) reactor_.forget(amqp_get_sockfd(library_->state), *this);
  watched_ = false;
}

void AmqpLink::ready(std::uint32_t /*epoll_events*/) { read(); }

void AmqpLink::read() {
  const timeval now{};
  while (watched_) {
    amqp_frame_t frame;
    const int status = amqp_simple_wait_frame_noblock(library_->state, &frame, &now);
    if (status == AMQP_STATUS_TIMEOUT) break;
    if (status != AMQP_STATUS_OK) return fail(amqp_error_string2(status));
    if (!library_->handle(frame, *listener_)) return fail("the broker refused an event or closed the channel");
  }
  amqp_maybe_release_buffers(library_->state);
  if (watched_) listener_->drained();
}

void AmqpLink::fail(std::string why) {
  stop();
  failure_ = std::move(why);
  listener_->failed(failure_);
}

}  // namespace triggers::bench
