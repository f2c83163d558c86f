#pragma once

// The table of endpoints: method, path, who may call it, whether it reads a body, whether it makes the store grow. To
// add an endpoint, add its row here. Looking up a request's row is in router.h; calling the endpoint is in
// api/dispatcher.h; checking its key is in admission/admit.h.

#include <cstdint>
#include <string_view>

#include "auth/authorize.h"
#include "http/wire/message.h"

/// The endpoints of the API, one row for each method and path. The router, the admission of requests and the metrics
/// read this table; the dispatcher has one `case` for each endpoint, and the compiler reports a missing one.
/// docs/api.md and openapi.json describe the same rows, and tests compare them with what the service answers.
namespace triggers::api {

/// The function that answers. Several paths may have the same.
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
  list_inboxes,
  try_filter,
  show_inbox,
  put_inbox,
  change_inbox,
  remove_inbox,
  list_entries,
  stream_entries,
  lease,
  ack,
  release,
  extend,
  requeue,
  discard,
  purge,
  replay,
  show_job,
  create_key,
  list_keys,
  show_key,
  update_key,
  revoke_key,
  rotate_key,
  backup,
};

/// Who may use an endpoint. Decided by a request's head, before its body is read.
enum class Caller : std::uint8_t {
  anybody,    ///< No key needed. (GET /metrics itself decides whether it asks for one.)
  key,        ///< A key whose role allows the action.
  manager,    ///< The same; or the operator over the local socket, without a key.
  on_socket,  ///< The operator only.
};

/// What an endpoint uses of a request besides its path. admit() refuses a query that the endpoint does not use, but
/// only of a request with a key: without one, as for the operator over the local socket, the query is ignored.
enum class Input : std::uint8_t {
  none,   ///< Nothing: a body is skipped, and takes no memory.
  query,  ///< The query, which the endpoint checks itself. (A scrape of /metrics may have any.) A body is skipped.
  body,   ///< The body.
};

/// Whether a request makes the store grow for longer than a consumer needs to acknowledge. Such a request is refused
/// with 507 while the disk has no room; the operator's on the local socket is not.
enum class Growth : std::uint8_t {
  none,
  for_long,
};

struct AccessRule {
  Caller caller = Caller::anybody;
  auth::Action action = auth::Action::read;  ///< What the key's role must allow, if a key is needed.
  Input input = Input::none;
  Growth growth = Growth::none;
};

struct EndpointRow {
  http::Method method = http::Method::other;  ///< HEAD is answered as GET, and OPTIONS for every path.
  std::string_view path;                      ///< `{name}` and `{id}` stand for one segment that is not empty.
  Endpoint endpoint = Endpoint::root;
  AccessRule access;
};

namespace rules {

using auth::Action;
inline constexpr AccessRule open{Caller::anybody, Action::read, Input::none};
inline constexpr AccessRule scrape{Caller::anybody, Action::manage_keys, Input::query};
inline constexpr AccessRule read{Caller::key, Action::read, Input::none};
inline constexpr AccessRule read_page{Caller::key, Action::read, Input::query};
inline constexpr AccessRule send{Caller::key, Action::send, Input::body, Growth::for_long};
inline constexpr AccessRule try_out{Caller::key, Action::read, Input::body};
inline constexpr AccessRule consume{Caller::key, Action::consume, Input::body};
inline constexpr AccessRule replay{Caller::key, Action::consume, Input::body, Growth::for_long};
inline constexpr AccessRule consume_one{Caller::key, Action::consume, Input::none};
inline constexpr AccessRule change_inbox{Caller::key, Action::manage_inboxes, Input::body};
inline constexpr AccessRule remove_inbox{Caller::key, Action::manage_inboxes, Input::none};
inline constexpr AccessRule manage_key{Caller::manager, Action::manage_keys, Input::none};
inline constexpr AccessRule create_key{Caller::manager, Action::manage_keys, Input::body, Growth::for_long};
inline constexpr AccessRule list_keys{Caller::manager, Action::manage_keys, Input::query};
inline constexpr AccessRule change_key{Caller::manager, Action::manage_keys, Input::body};
inline constexpr AccessRule operate{Caller::on_socket, Action::manage_keys, Input::body};

}  // namespace rules

/// In the order of docs/api.md. The rows of a path follow each other, and a path without `{name}` and `{id}` precedes
/// those that it also fits.
inline constexpr EndpointRow endpoint_table[] = {
    {http::Method::get, "/", Endpoint::root, rules::open},
    {http::Method::get, "/status", Endpoint::status, rules::open},
    {http::Method::get, "/health", Endpoint::status, rules::open},
    {http::Method::get, "/docs", Endpoint::docs, rules::open},
    {http::Method::get, "/openapi.json", Endpoint::openapi, rules::open},
    {http::Method::get, "/favicon.ico", Endpoint::favicon, rules::open},
    {http::Method::get, "/metrics", Endpoint::metrics, rules::scrape},
    {http::Method::get, "/me", Endpoint::me, rules::read},
    {http::Method::post, "/events", Endpoint::post_event, rules::send},
    {http::Method::post, "/events/batch", Endpoint::post_batch, rules::send},
    {http::Method::get, "/events/inbox", Endpoint::get_inbox, rules::read_page},
    {http::Method::get, "/events/{id}", Endpoint::get_event, rules::read},
    {http::Method::del, "/events/{id}", Endpoint::delete_event, rules::consume_one},
    {http::Method::get, "/inbox", Endpoint::get_inbox, rules::read_page},
    {http::Method::post, "/inbox/ack", Endpoint::post_ack, rules::consume},
    {http::Method::get, "/inbox/{id}", Endpoint::get_event, rules::read},
    {http::Method::del, "/inbox/{id}", Endpoint::delete_event, rules::consume_one},
    {http::Method::get, "/inboxes", Endpoint::list_inboxes, rules::read},
    {http::Method::post, "/inboxes/test-filter", Endpoint::try_filter, rules::try_out},
    {http::Method::get, "/inboxes/{name}", Endpoint::show_inbox, rules::read},
    {http::Method::put, "/inboxes/{name}", Endpoint::put_inbox, rules::change_inbox},
    {http::Method::patch, "/inboxes/{name}", Endpoint::change_inbox, rules::change_inbox},
    {http::Method::del, "/inboxes/{name}", Endpoint::remove_inbox, rules::remove_inbox},
    {http::Method::get, "/inboxes/{name}/events", Endpoint::list_entries, rules::read_page},
    {http::Method::get, "/inboxes/{name}/stream", Endpoint::stream_entries, rules::read_page},
    {http::Method::post, "/inboxes/{name}/lease", Endpoint::lease, rules::consume},
    {http::Method::post, "/inboxes/{name}/ack", Endpoint::ack, rules::consume},
    {http::Method::post, "/inboxes/{name}/release", Endpoint::release, rules::consume},
    {http::Method::post, "/inboxes/{name}/extend", Endpoint::extend, rules::consume},
    {http::Method::post, "/inboxes/{name}/requeue", Endpoint::requeue, rules::consume},
    {http::Method::post, "/inboxes/{name}/discard", Endpoint::discard, rules::consume},
    {http::Method::post, "/inboxes/{name}/purge", Endpoint::purge, rules::consume},
    {http::Method::post, "/inboxes/{name}/replay", Endpoint::replay, rules::replay},
    {http::Method::get, "/inboxes/{name}/jobs/{id}", Endpoint::show_job, rules::read},
    {http::Method::get, "/admin/keys", Endpoint::list_keys, rules::list_keys},
    {http::Method::post, "/admin/keys", Endpoint::create_key, rules::create_key},
    {http::Method::get, "/admin/keys/{id}", Endpoint::show_key, rules::manage_key},
    {http::Method::patch, "/admin/keys/{id}", Endpoint::update_key, rules::change_key},
    {http::Method::del, "/admin/keys/{id}", Endpoint::revoke_key, rules::manage_key},
    {http::Method::post, "/admin/keys/{id}/rotate", Endpoint::rotate_key, rules::change_key},
    {http::Method::post, "/admin/backup", Endpoint::backup, rules::operate},
};

/// An inbox may have the name `test-filter`. So the methods that this path lacks are those of `/inboxes/{name}`.
inline constexpr std::string_view path_of_a_name_too = "/inboxes/test-filter";

/// Whether only a store that keeps inboxes has the path. With another store it does not exist.
[[nodiscard]] constexpr bool needs_inboxes(std::string_view path) { return path.starts_with("/inboxes"); }

}  // namespace triggers::api
