#pragma once

// The table of endpoints: method, path, who may call it, whether it reads a body. To add an endpoint, add its row here.
// Looking up a request's row is in router.h; calling the endpoint is in api/dispatcher.h; checking its key is in
// admission/admit.h.

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

/// What a request may carry besides its path.
enum class Input : std::uint8_t {
  none,   ///< A query is refused. A body is skipped, and takes no memory.
  query,  ///< The endpoint reads the query. A body is skipped.
  body,   ///< A query is refused.
};

struct AccessRule {
  Caller caller = Caller::anybody;
  auth::Action action = auth::Action::read;  ///< What the key's role must allow, if a key is needed.
  Input input = Input::none;
};

struct EndpointRow {
  http::Method method = http::Method::other;  ///< HEAD is answered as GET, and OPTIONS for every path.
  std::string_view path;                      ///< `{id}` stands for one segment that is not empty.
  Endpoint endpoint = Endpoint::root;
  AccessRule access;
};

namespace rules {

using auth::Action;
inline constexpr AccessRule open{Caller::anybody, Action::read, Input::none};
inline constexpr AccessRule scrape{Caller::anybody, Action::manage_keys, Input::query};
inline constexpr AccessRule read{Caller::key, Action::read, Input::none};
inline constexpr AccessRule read_page{Caller::key, Action::read, Input::query};
inline constexpr AccessRule send{Caller::key, Action::send, Input::body};
inline constexpr AccessRule consume{Caller::key, Action::acknowledge, Input::body};
inline constexpr AccessRule consume_one{Caller::key, Action::acknowledge, Input::none};
inline constexpr AccessRule look_up_key{Caller::manager, Action::manage_keys, Input::none};
inline constexpr AccessRule list_keys{Caller::manager, Action::manage_keys, Input::query};
inline constexpr AccessRule change_key{Caller::manager, Action::manage_keys, Input::body};
inline constexpr AccessRule operate{Caller::on_socket, Action::manage_keys, Input::body};

}  // namespace rules

/// In the order of docs/api.md. The rows of a path follow each other, and a path without `{id}` precedes those with it
/// that it also fits.
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
    {http::Method::get, "/admin/keys", Endpoint::list_keys, rules::list_keys},
    {http::Method::post, "/admin/keys", Endpoint::create_key, rules::change_key},
    {http::Method::get, "/admin/keys/{id}", Endpoint::show_key, rules::look_up_key},
    {http::Method::patch, "/admin/keys/{id}", Endpoint::update_key, rules::change_key},
    {http::Method::del, "/admin/keys/{id}", Endpoint::revoke_key, rules::look_up_key},
    {http::Method::post, "/admin/keys/{id}/rotate", Endpoint::rotate_key, rules::change_key},
    {http::Method::post, "/admin/backup", Endpoint::backup, rules::operate},
};

}  // namespace triggers::api
