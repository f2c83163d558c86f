#include "api/exchange/router.h"

#include <array>
#include <iterator>

namespace triggers::api {
namespace {

using http::Method;

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
  std::string_view before_hole;  // The whole name if it has no hole.
  bool has_hole = false;
  std::span<const EndpointRow> rows;
  Allow allow;
};

/// Whether the path is found for a method: by its own rows, or as a name (path_of_a_name_too).
constexpr bool has_method(const Path& path, Method method) {
  for (const EndpointRow& row : path.rows) {
    if (row.method == method) return true;
  }
  if (path.name != path_of_a_name_too) return false;
  for (const EndpointRow& row : endpoint_table) {
    if (row.path == "/inboxes/{name}" && row.method == method) return true;
  }
  return false;
}

constexpr void allow(Path& path, Method method, std::string_view name, std::string_view also = {}) {
  if (!has_method(path, method)) return;
  path.allow.add(name);
  if (!also.empty()) path.allow.add(also);
}

constexpr Path make_path(std::span<const EndpointRow> rows) {
  Path path;
  path.name = rows.front().path;
  path.rows = rows;
  path.before_hole = path.name.substr(0, path.name.find('{'));
  path.has_hole = path.before_hole != path.name;
  allow(path, Method::get, "GET", "HEAD");
  allow(path, Method::post, "POST");
  allow(path, Method::put, "PUT");
  allow(path, Method::patch, "PATCH");
  allow(path, Method::del, "DELETE");
  path.allow.add("OPTIONS");
  return path;
}

/// Otherwise a path would be found by its first rows only, and the methods of the others refused.
constexpr bool rows_of_a_path_follow_each_other() {
  for (std::size_t row = 1; row < std::size(endpoint_table); ++row) {
    for (std::size_t before = 0; before + 1 < row; ++before) {
      const bool same = endpoint_table[before].path == endpoint_table[row].path;
      if (same && endpoint_table[row - 1].path != endpoint_table[row].path) return false;
    }
  }
  return true;
}
static_assert(rows_of_a_path_follow_each_other());

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

/// What stands for the holes of a path.
struct Filling {
  std::string_view id, inbox;
};

/// Takes the first segment off, and says whether more follow.
bool take_segment(std::string_view& path, std::string_view& segment) noexcept {
  const auto end = path.find('/');
  segment = path.substr(0, end);
  if (end == std::string_view::npos) return false;
  path.remove_prefix(end + 1);
  return true;
}

/// Whether `path` is of the pattern, segment by segment.
bool fills(std::string_view pattern, std::string_view path, Filling& filling) noexcept {
  while (true) {
    std::string_view wanted;
    std::string_view sent;
    const bool more = take_segment(pattern, wanted);
    if (take_segment(path, sent) != more) return false;
    if (wanted.starts_with('{')) {
      if (sent.empty()) return false;
      (wanted == "{id}" ? filling.id : filling.inbox) = sent;
    } else if (wanted != sent) {
      return false;
    }
    if (!more) return true;
  }
}

bool matches(const Path& pattern, std::string_view path, Filling& filling) noexcept {
  if (!pattern.has_hole) return pattern.name == path;
  return path.starts_with(pattern.before_hole) && fills(pattern.name, path, filling);
}

}  // namespace

RouteMatch match(Method method, std::string_view path) noexcept {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (method == Method::head) method = Method::get;
  RouteMatch result;
  for (const Path& candidate : paths) {
    Filling filling;
    if (!matches(candidate, path, filling)) continue;
    result.path_name = candidate.name;
    if (result.allow.empty()) result.allow = candidate.allow.text();
    for (const EndpointRow& row : candidate.rows) {
      if (row.method == method) {
        result.route = Route{row.endpoint, row.access, candidate.name, filling.id, filling.inbox};
      }
    }
    if (result.route || candidate.name != path_of_a_name_too) return result;
  }
  return result;
}

std::span<const std::string_view> path_names() noexcept { return names; }

}  // namespace triggers::api
