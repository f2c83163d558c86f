#pragma once

// How a server takes, leases and acknowledges events over HTTP/1.1. Its implementations are webdis_protocol.h and
// triggers_protocol.h.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triggers::bench {

/// A response, valid until the connection's next request.
struct Response {
  unsigned status = 0;
  std::string_view body;
};

/// What a worker holds.
struct Batch {
  std::vector<std::uint64_t> numbers{};
  std::string lease{};             ///< The lease's id, if the protocol has leases.
  std::vector<std::string> ids{};  ///< The server's own ids of the events, if it needs them.

  void clear() {
    numbers.clear();
    lease.clear();
    ids.clear();
  }
};

/// Requests are appended to an empty text. Not thread-safe: each thread has one of its own.
class HttpProtocol {
 public:
  virtual ~HttpProtocol() = default;

  /// More than one event only if the server takes batches.
  virtual void write_events(std::string& request, std::span<const std::uint64_t> numbers) = 0;
  /// False unless the server confirms that it has accepted each of the events.
  [[nodiscard]] virtual bool are_accepted(const Response& response, std::size_t events) = 0;

  /// `waits`: the server may hold the request back until there is an event.
  virtual void write_lease(std::string& request, std::size_t worker, std::size_t events_max, bool waits) = 0;
  /// False if the response is not one to a lease. No events: `batch` is empty.
  [[nodiscard]] virtual bool read_lease(const Response& response, Batch& batch) = 0;

  virtual void write_acknowledgement(std::string& request, const Batch& batch) = 0;
  /// False unless the server confirms that it has acknowledged each event of the batch.
  [[nodiscard]] virtual bool is_acknowledged(const Response& response, const Batch& batch) = 0;

  /// True if a lease cannot wait. A worker then waits by a request of its own, and leases when that has ended.
  [[nodiscard]] virtual bool waits_apart() const { return false; }
  virtual void write_wait(std::string& /*request*/, std::size_t /*worker*/) {}
  /// False if the response is not one to a wait.
  [[nodiscard]] virtual bool is_waited(const Response& /*response*/) { return false; }
};

}  // namespace triggers::bench
