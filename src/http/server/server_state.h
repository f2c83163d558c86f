#pragma once

// What all sessions of a server share: handlers, limits, counters. What they share on one thread is in session_host.h.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/fair_budget.h"
#include "http/server/server_config.h"
#include "http/wire/handlers.h"
#include "http/wire/request_parser.h"
#include "net/tls_server.h"

namespace triggers::http {

/// What every session of a server uses. Constant while the server runs, but for the counters.
struct ServerState {
  ServerConfig config;
  Handlers handlers;
  RequestLimits limits;
  std::unique_ptr<net::TlsServerContext> tls;  ///< Empty: plain TCP.
  std::unique_ptr<FairBudget> bodies;

  std::atomic<bool> draining = false;          ///< Each response ends its connection.
  std::atomic<std::size_t> tcp_open = 0;       ///< Counted against connections_max.
  std::atomic<std::size_t> local_open = 0;     ///< Never refused: the operator must get in.
  std::atomic<std::size_t> refusing_open = 0;  ///< Being told 503, waiting for a place, or about to be evicted.
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> evicted = 0;         ///< Closed to make room for a new connection.
  std::atomic<std::uint64_t> evictions_told = 0;  ///< How many of these the log has reported.
  std::atomic<std::chrono::steady_clock::time_point> next_eviction_line{};
  std::atomic<std::uint64_t> refused_before_body = 0;
  std::atomic<std::uint64_t> inflated_bytes = 0;
  std::atomic<std::uint64_t> timeouts = 0;
  std::atomic<std::uint64_t> accept_failures = 0;
};

}  // namespace triggers::http
