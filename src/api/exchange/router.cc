#include "api/exchange/router.h"

#include <array>

namespace triggers::api {
namespace {

using http::Method;

struct Verb {
  Method method = Method::other;
  Endpoint endpoint = Endpoint::root;
};

/// One path. `{id}` stands for one segment that is not empty; a literal path wins over it.
struct Path {
  std::string_view name;
  std::string_view allow;
  std::array<Verb, 3> verbs;
};

constexpr std::array paths = {
    Path{"/", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::root}}}},
    Path{"/status", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::status}}}},
    Path{"/health", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::status}}}},
    Path{"/docs", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::docs}}}},
    Path{"/openapi.json", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::openapi}}}},
    Path{"/favicon.ico", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::favicon}}}},
    Path{"/metrics", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::metrics}}}},
    Path{"/me", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::me}}}},
    Path{"/events", "POST, OPTIONS", {{{Method::post, Endpoint::post_event}}}},
    Path{"/events/batch", "POST, OPTIONS", {{{Method::post, Endpoint::post_batch}}}},
    Path{"/events/inbox", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::get_inbox}}}},
    Path{"/events/{id}",
         "GET, HEAD, DELETE, OPTIONS",
         {{{Method::get, Endpoint::get_event}, {Method::del, Endpoint::delete_event}}}},
    Path{"/inbox", "GET, HEAD, OPTIONS", {{{Method::get, Endpoint::get_inbox}}}},
    Path{"/inbox/ack", "POST, OPTIONS", {{{Method::post, Endpoint::post_ack}}}},
    Path{"/inbox/{id}",
         "GET, HEAD, DELETE, OPTIONS",
         {{{Method::get, Endpoint::get_event}, {Method::del, Endpoint::delete_event}}}},
    Path{"/admin/keys",
         "GET, HEAD, POST, OPTIONS",
         {{{Method::get, Endpoint::list_keys}, {Method::post, Endpoint::create_key}}}},
    Path{"/admin/keys/{id}",
         "GET, HEAD, PATCH, DELETE, OPTIONS",
         {{{Method::get, Endpoint::show_key},
           {Method::patch, Endpoint::update_key},
           {Method::del, Endpoint::revoke_key}}}},
    Path{"/admin/keys/{id}/rotate", "POST, OPTIONS", {{{Method::post, Endpoint::rotate_key}}}},
    Path{"/admin/backup", "POST, OPTIONS", {{{Method::post, Endpoint::backup}}}},
};

/// Whether `path` is of the pattern; `id` gets the segment for `{id}`.
bool matches(std::string_view pattern, std::string_view path, std::string_view& id) noexcept {
  const auto hole = pattern.find("{id}");
  if (hole == std::string_view::npos) return pattern == path;
  const auto tail = pattern.substr(hole + 4);
  if (path.size() <= hole + tail.size() || !path.starts_with(pattern.substr(0, hole)) || !path.ends_with(tail))
    return false;
  id = path.substr(hole, path.size() - hole - tail.size());
  return id.find('/') == std::string_view::npos;
}

constexpr auto entries = [] {
  std::array<PathEntry, paths.size()> result{};
  for (std::size_t i = 0; i < paths.size(); ++i) result[i] = {paths[i].name, paths[i].allow};
  return result;
}();

}  // namespace

RouteMatch match(Method method, std::string_view path) noexcept {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (method == Method::head) method = Method::get;
  for (const Path& candidate : paths) {
    std::string_view id;
    if (!matches(candidate.name, path, id)) continue;
    RouteMatch result;
    result.path_name = candidate.name;
    result.allow = candidate.allow;
    for (const Verb& verb : candidate.verbs) {
      if (verb.method == method && method != Method::other) result.route = Route{verb.endpoint, candidate.name, id};
    }
    return result;
  }
  return {};
}

const PathEntry* path_entries(std::size_t& count) noexcept {
  count = entries.size();
  return entries.data();
}

}  // namespace triggers::api
