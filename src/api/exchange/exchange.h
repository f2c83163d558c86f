#pragma once

// One request in progress with what is known about it so far. The request's bytes and the response are in
// http/wire/message.h.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/exchange/router.h"
#include "api/keys/active_key.h"
#include "base/clock.h"
#include "http/wire/message.h"
#include "limit/token_bucket.h"

namespace triggers::api {

/// A request in progress, with what earlier steps have found out about it.
struct Exchange {
  const http::Request& request;
  std::string id;  ///< X-Request-ID, and the correlation id of an error.
  Route route;
  std::string_view base_path{};          ///< The configured one, if the request's path begins with it.
  std::shared_ptr<const ActiveKey> key;  ///< Set by admit().
  bool is_operator = false;              ///< Set by admit(): over the local socket.
  std::optional<limit::Decision> rate;   ///< Set by admit().
  bool admitted = false;                 ///< Set by admit(): the key is good and has paid.
  UnixMillis begun{};                    ///< When it was handed to the API.

  /// For managing keys: the caller is the operator, or an admin of all tenants.
  [[nodiscard]] bool sees_all_tenants() const { return is_operator || key->record.all_tenants; }
};

/// Whose share of memory the request's body and response count in: the tenant's, the operator's, or the one that all
/// requests without a key use together.
[[nodiscard]] std::string_view holder_of(const Exchange& exchange) noexcept;

}  // namespace triggers::api
