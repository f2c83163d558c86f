#pragma once

// Requests and responses as values, with their headers, methods and reason phrases; also where a request came from, and
// what was decided before its body arrived (Ticket). Turning bytes into them and back is in request_parser.h,
// request_writer.h, response_parser.h and response_writer.h. A body that is made while it is sent is in
// streamed_body.h, and what a waiting handler learns of its client in caller.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/wire/streamed_body.h"

namespace triggers::http {

class Caller;

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

/// `GET`, …; `OTHER` for `other`.
[[nodiscard]] std::string_view method_name(Method method) noexcept;

/// True if `a` and `b` are the same field name or token (ASCII letters compare without case; RFC 9110, section 5.1).
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// The fields of a message in their order of arrival. clear() keeps the buffer while it is small, so a connection
/// allocates only for its first request.
class Headers {
 public:
  void clear() noexcept;
  void add(std::string_view name, std::string_view value);
  /// The first field of that name; nothing if there is none. The view is good until the next add or clear.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// How many fields have that name.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Memory that is allocated, in use or not.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  [[nodiscard]] std::pair<std::string_view, std::string_view> at(std::size_t index) const noexcept;

 private:
  struct Entry {
    std::uint32_t name_at, name_bytes, value_at, value_bytes;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

/// Where a request came from.
struct Peer {
  std::string address;  ///< Text of the IP address, without a port; empty for the local socket.
  bool local = false;   ///< Over the Unix socket in the data directory. Only the operator can open it.
};

/// What Handlers::admit decided about a request before its body arrived. The handler knows its type.
class Ticket {
 public:
  Ticket() = default;
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  virtual ~Ticket() = default;

  std::string holder;      ///< Whose share of the memory for bodies it uses.
  bool takes_body = true;  ///< False: the handler needs no body, so it is read and dropped.

  /// The body has grown to so many decoded bytes. Called even if the body never ends. On the request's thread.
  virtual void body_grew_to(std::size_t bytes) = 0;
};

/// A request as the API sees it, whatever its transport: a value without a socket.
struct Request {
  Method method = Method::get;
  std::string target;  ///< As sent: path, and `?query` if there was one.
  Headers headers;
  std::string body;  ///< Decoded (chunked, gzip).
  Peer peer;
  std::shared_ptr<Ticket> ticket;  ///< Null: Handlers::admit was not called.
  Caller* caller = nullptr;        ///< For handlers that wait or stream (caller.h). Null: nobody can be told.

  /// The target up to `?`, as sent (percent-encoded).
  [[nodiscard]] std::string_view path() const noexcept;
  /// What follows `?`; empty if nothing does.
  [[nodiscard]] std::string_view query() const noexcept;
};

/// A response as a value. The server adds `Content-Length`, `Date` and `Connection`, and omits the body for HEAD.
struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";             ///< Static text. Not sent when the body is empty.
  std::vector<std::pair<std::string_view, std::string>> headers;  ///< Names are static text; values hold no CR or LF.
  std::string body;
  bool close = false;                  ///< Close the connection after this response.
  std::shared_ptr<const void> held{};  ///< Kept until the response is written or given up.
  StreamedBody* stream = nullptr;      ///< See set_stream().

  void add(std::string_view name, std::string value) { headers.emplace_back(name, std::move(value)); }
  /// The response gets this body instead of `body`, and holds it. Only if the request's Caller takes_streams().
  void set_stream(std::shared_ptr<StreamedBody> made_meanwhile) {
    stream = made_meanwhile.get();
    held = std::move(made_meanwhile);
  }
};

/// A response as a client receives it.
struct ClientResponse {
  unsigned status = 0;
  Headers headers;
  std::string body;
};

/// `Not Found` for 404, …; empty for a status that this service does not use.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace triggers::http
