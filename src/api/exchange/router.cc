#include "api/exchange/router.h"

#include <array>
#include <iterator>

namespace triggers::api {
namespace {

using http::Method;

constexpr std::string_view hole = "{id}";

/// Text that is put together at compile time.
class Allow {
 public:
  constexpr void add(std::string_view method) {
    if (size_ > 0) append(", ");
    append(method);
  }
  [[nodiscard]] constexpr std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  constexpr void append(std::string_view text) {
    for (const char byte : text) bytes_[size_++] = byte;
  }

  std::array<char, 64> bytes_{};
  std::size_t size_ = 0;
};

/// The rows of `endpoint_table` with the same path.
struct Path {
  std::string_view name;
  std::string_view before_hole, after_hole;
  bool has_hole = false;
  std::span<const EndpointRow> rows;
  Allow allow;
};

constexpr void allow(Path& path, Method method, std::string_view name, std::string_view also = {}) {
  for (const EndpointRow& row : path.rows) {
    if (row.method != method) continue;
    path.allow.add(name);
    if (!also.empty()) path.allow.add(also);
  }
}

constexpr Path make_path(std::span<const EndpointRow> rows) {
  Path path;
  path.name = rows.front().path;
  path.rows = rows;
  const auto at = path.name.find(hole);
  path.has_hole = at != std::string_view::npos;
  if (path.has_hole) {
    path.before_hole = path.name.substr(0, at);
    path.after_hole = path.name.substr(at + hole.size());
  }
  allow(path, Method::get, "GET", "HEAD");
  allow(path, Method::post, "POST");
  allow(path, Method::put, "PUT");
  allow(path, Method::patch, "PATCH");
  allow(path, Method::del, "DELETE");
  path.allow.add("OPTIONS");
  return path;
}

constexpr bool begins_a_path(std::size_t row) {
  return row == 0 || endpoint_table[row].path != endpoint_table[row - 1].path;
}

constexpr std::size_t path_count = [] {
  std::size_t count = 0;
  for (std::size_t row = 0; row < std::size(endpoint_table); ++row) count += begins_a_path(row) ? 1 : 0;
  return count;
}();

constexpr auto paths = [] {
  std::array<Path, path_count> result;
  std::size_t count = 0;
  for (std::size_t row = 0; row < std::size(endpoint_table);) {
    const std::size_t begin = row++;
    while (row < std::size(endpoint_table) && !begins_a_path(row)) ++row;
    result[count++] = make_path(std::span(endpoint_table).subspan(begin, row - begin));
  }
  return result;
}();

constexpr auto names = [] {
  std::array<std::string_view, path_count> result;
  for (std::size_t i = 0; i < path_count; ++i) result[i] = paths[i].name;
  return result;
}();

/// Whether `path` is of the pattern; `id` gets the segment for `{id}`.
bool matches(const Path& pattern, std::string_view path, std::string_view& id) noexcept {
  if (!pattern.has_hole) return pattern.name == path;
  const std::size_t fixed = pattern.before_hole.size() + pattern.after_hole.size();
  if (path.size() <= fixed || !path.starts_with(pattern.before_hole) || !path.ends_with(pattern.after_hole))
    return false;
  id = path.substr(pattern.before_hole.size(), path.size() - fixed);
  return id.find('/') == std::string_view::npos;
}

}  // namespace

RouteMatch match(Method method, std::string_view path) noexcept {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (method == Method::head) method = Method::get;
  for (const Path& candidate : paths) {
    std::string_view id;
    if (!matches(candidate, path, id)) continue;
    RouteMatch result;
    result.path_name = candidate.name;
    result.allow = candidate.allow.text();
    for (const EndpointRow& row : candidate.rows) {
      if (row.method == method) result.route = Route{row.endpoint, row.access, candidate.name, id};
    }
    return result;
  }
  return {};
}

std::span<const std::string_view> path_names() noexcept { return names; }

}  // namespace triggers::api
