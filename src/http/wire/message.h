#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triggers::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

/// `GET`, …; `OTHER` for `other`.
[[nodiscard]] std::string_view method_name(Method method) noexcept;

/// True if `a` and `b` are the same field name or token (ASCII letters compare without case; RFC 9110, section 5.1).
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// The fields of a message in the order in which they came. Kept in one buffer that clear() keeps while it is
/// small, so a connection allocates for its first request only.
class Headers {
 public:
  void clear() noexcept;
  void add(std::string_view name, std::string_view value);
  /// The first field of that name; nothing if there is none. The view is good until the next add or clear.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// How many fields have that name.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// What is held on to, in use or not.
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
  bool local = false;   ///< Over the Unix socket in the data directory: whoever owns the directory, so the operator.
};

/// What was decided about a request by its head, before its body. Made by Handlers::admit; the handler knows its type.
class Ticket {
 public:
  Ticket() = default;
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  virtual ~Ticket() = default;

  std::string holder;      ///< Whose share of the bodies' memory the body takes.
  bool takes_body = true;  ///< False: the handler needs no body. It is read and dropped, and takes no memory.

  /// The body has so many bytes by now, decoded. Called as it grows, also if it never ends. This request's thread.
  virtual void body_grew_to(std::size_t bytes) = 0;
};

/// A request as the API sees it, however it came. A value: no socket behind it.
struct Request {
  Method method = Method::get;
  std::string target;  ///< As sent: path, and `?query` if there was one.
  Headers headers;
  std::string body;  ///< Decoded (chunked, gzip).
  Peer peer;
  std::shared_ptr<Ticket> ticket;  ///< Null: nobody was asked by the head.

  /// The target up to `?`, as sent (percent-encoded).
  [[nodiscard]] std::string_view path() const noexcept;
  /// What follows `?`; empty if nothing does.
  [[nodiscard]] std::string_view query() const noexcept;
};

/// An answer as a value. The server adds `Content-Length`, `Date` and `Connection`; for HEAD it leaves the body out.
struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";             ///< Static text. Not sent when the body is empty.
  std::vector<std::pair<std::string_view, std::string>> headers;  ///< Names are static text; values hold no CR or LF.
  std::string body;
  bool close = false;                  ///< Close the connection after this answer.
  std::shared_ptr<const void> held{};  ///< What is to live until the answer was written, or is given up.

  void add(std::string_view name, std::string value) { headers.emplace_back(name, std::move(value)); }
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
