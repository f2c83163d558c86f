#pragma once

// Runs parsing and building of long bodies on another thread than the IO loop. The threads are in base/turn_pool.h;
// gzip is decoded in http/server.

#include <type_traits>
#include <utility>

#include "api/exchange/exchange.h"
#include "base/task.h"
#include "base/turn_pool.h"

namespace triggers::api {

// One turn of a loop may serve many requests of a tenant, so each may take some ten microseconds, not a hundred.
/// A body up to this is parsed on the IO loop.
inline constexpr std::size_t parsed_on_loop_bytes_max = 16 * 1024;

/// A response up to this is built on the IO loop.
inline constexpr std::size_t made_on_loop_bytes_max = 32 * 1024;

/// Whether a response of `bytes` is built on the loop that sends it, and not in the pool.
[[nodiscard]] inline bool makes_on_loop(const TurnPool* pool, std::size_t bytes) noexcept {
  return pool == nullptr || bytes <= made_on_loop_bytes_max;
}

/// Whether the request's body is parsed on the loop that read it. Ask before parse_off_loop(), which costs a coroutine.
[[nodiscard]] inline bool parses_on_loop(const TurnPool* pool, const http::Request& request) noexcept {
  return pool == nullptr || request.body.size() <= parsed_on_loop_bytes_max;
}

/// Runs `parse()`, which reads the request's body, and returns its result. A short body is parsed on the loop. A long
/// one would hold up the loop, so the pool parses it, where tenants take turns. `parse` must use nothing that another
/// thread may change.
template <class Parse>
Task<std::invoke_result_t<Parse&>> parse_off_loop(TurnPool* pool, const Exchange& exchange, Parse parse) {
  if (parses_on_loop(pool, exchange.request)) co_return parse();
  auto parsed = pool->run(holder_of(exchange), std::move(parse));
  co_return co_await parsed;
}

/// Runs `make()`, which builds a response of about `bytes` and frees what it is built from: on the loop if it is short,
/// otherwise in the pool.
template <class Make>
Task<std::invoke_result_t<Make&>> make_off_loop(TurnPool* pool, const Exchange& exchange, std::size_t bytes,
                                                Make make) {
  if (makes_on_loop(pool, bytes)) co_return make();
  auto made = pool->run(holder_of(exchange), std::move(make));
  co_return co_await made;
}

}  // namespace triggers::api
