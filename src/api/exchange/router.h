#pragma once

// Finds the endpoint of a method and path, or the methods that the path allows, and lists all paths. The endpoints are
// declared in endpoint_table.h, and called in api/dispatcher.h.

#include <optional>
#include <span>
#include <string_view>

#include "api/exchange/endpoint_table.h"

namespace triggers::api {

struct Route {
  Endpoint endpoint = Endpoint::root;
  AccessRule access;
  std::string_view name;   ///< `/events/{id}`: static text, for logs and metrics.
  std::string_view id;     ///< What stands for `{id}`, as sent.
  std::string_view inbox;  ///< What stands for `{name}`, as sent.
};

struct RouteMatch {
  std::optional<Route> route;  ///< The endpoint for the path and the method; HEAD has GET's.
  std::string_view path_name;  ///< The path's name if there is such a path; empty: 404.
  std::string_view allow;      ///< The methods of that path, as `Allow` has them.
};

/// Any thread. `path` must outlive the result.
[[nodiscard]] RouteMatch match(http::Method method, std::string_view path) noexcept;

/// The name of every path, in the order of `endpoint_table`. Static text.
[[nodiscard]] std::span<const std::string_view> path_names() noexcept;

}  // namespace triggers::api
