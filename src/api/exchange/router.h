#pragma once

// Which endpoint a method and path belong to. Calling it is in api/dispatcher.h; who may call it is in
// admission/endpoint_access.h.

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::api {

enum class Endpoint : std::uint8_t {
  root,
  status,
  docs,
  openapi,
  favicon,
  metrics,
  me,
  post_event,
  post_batch,
  get_inbox,
  post_ack,
  get_event,
  delete_event,
  create_key,
  list_keys,
  show_key,
  update_key,
  revoke_key,
  rotate_key,
  backup,
};

struct Route {
  Endpoint endpoint = Endpoint::root;
  std::string_view name;  ///< `/events/{id}`: static text, for logs and metrics.
  std::string_view id;    ///< What stands for `{id}`, as sent.
};

struct RouteMatch {
  std::optional<Route> route;  ///< The endpoint for the path and the method; HEAD has GET's.
  std::string_view path_name;  ///< The path's name if there is such a path; empty: 404.
  std::string_view allow;      ///< The methods of that path, as `Allow` has them.
};

/// Any thread. `path` must outlive the result.
[[nodiscard]] RouteMatch match(http::Method method, std::string_view path) noexcept;

/// Every path of the API, in the order of docs/api.md.
struct PathEntry {
  std::string_view name, allow;
};
[[nodiscard]] const PathEntry* path_entries(std::size_t& count) noexcept;

}  // namespace triggers::api
