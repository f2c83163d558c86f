#include "api/exchange/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace triggers::api {
namespace {

using http::Method;

struct Row {
  Method method;
  std::string_view path;
  Endpoint endpoint;
  std::string_view name;
  std::string_view id{};
  std::string_view inbox{};
};

constexpr Row table[] = {
    {Method::get, "/", Endpoint::root, "/"},
    {Method::get, "/status", Endpoint::status, "/status"},
    {Method::get, "/health", Endpoint::status, "/health"},
    {Method::get, "/docs", Endpoint::docs, "/docs"},
    {Method::get, "/openapi.json", Endpoint::openapi, "/openapi.json"},
    {Method::get, "/favicon.ico", Endpoint::favicon, "/favicon.ico"},
    {Method::get, "/metrics", Endpoint::metrics, "/metrics"},
    {Method::get, "/me", Endpoint::me, "/me"},
    {Method::post, "/events", Endpoint::post_event, "/events"},
    {Method::post, "/events/batch", Endpoint::post_batch, "/events/batch"},
    {Method::get, "/events/inbox", Endpoint::get_inbox, "/events/inbox"},
    {Method::get, "/events/abc", Endpoint::get_event, "/events/{id}", "abc"},
    {Method::del, "/events/abc", Endpoint::delete_event, "/events/{id}", "abc"},
    {Method::get, "/inbox", Endpoint::get_inbox, "/inbox"},
    {Method::post, "/inbox/ack", Endpoint::post_ack, "/inbox/ack"},
    {Method::get, "/inbox/abc", Endpoint::get_event, "/inbox/{id}", "abc"},
    {Method::del, "/inbox/abc", Endpoint::delete_event, "/inbox/{id}", "abc"},
    {Method::get, "/inboxes", Endpoint::list_inboxes, "/inboxes"},
    {Method::post, "/inboxes/test-filter", Endpoint::try_filter, "/inboxes/test-filter"},
    {Method::get, "/inboxes/crm", Endpoint::show_inbox, "/inboxes/{name}", "", "crm"},
    {Method::put, "/inboxes/crm", Endpoint::put_inbox, "/inboxes/{name}", "", "crm"},
    {Method::patch, "/inboxes/crm", Endpoint::change_inbox, "/inboxes/{name}", "", "crm"},
    {Method::del, "/inboxes/crm", Endpoint::remove_inbox, "/inboxes/{name}", "", "crm"},
    {Method::get, "/inboxes/crm/events", Endpoint::list_entries, "/inboxes/{name}/events", "", "crm"},
    {Method::get, "/inboxes/crm/stream", Endpoint::stream_entries, "/inboxes/{name}/stream", "", "crm"},
    {Method::post, "/inboxes/crm/lease", Endpoint::lease, "/inboxes/{name}/lease", "", "crm"},
    {Method::post, "/inboxes/crm/ack", Endpoint::ack, "/inboxes/{name}/ack", "", "crm"},
    {Method::post, "/inboxes/crm/release", Endpoint::release, "/inboxes/{name}/release", "", "crm"},
    {Method::post, "/inboxes/crm/extend", Endpoint::extend, "/inboxes/{name}/extend", "", "crm"},
    {Method::post, "/inboxes/crm/requeue", Endpoint::requeue, "/inboxes/{name}/requeue", "", "crm"},
    {Method::post, "/inboxes/crm/discard", Endpoint::discard, "/inboxes/{name}/discard", "", "crm"},
    {Method::post, "/inboxes/crm/purge", Endpoint::purge, "/inboxes/{name}/purge", "", "crm"},
    {Method::post, "/inboxes/crm/replay", Endpoint::replay, "/inboxes/{name}/replay", "", "crm"},
    {Method::get, "/inboxes/crm/jobs/j", Endpoint::show_job, "/inboxes/{name}/jobs/{id}", "j", "crm"},
    {Method::get, "/admin/keys", Endpoint::list_keys, "/admin/keys"},
    {Method::post, "/admin/keys", Endpoint::create_key, "/admin/keys"},
    {Method::get, "/admin/keys/k", Endpoint::show_key, "/admin/keys/{id}", "k"},
    {Method::patch, "/admin/keys/k", Endpoint::update_key, "/admin/keys/{id}", "k"},
    {Method::del, "/admin/keys/k", Endpoint::revoke_key, "/admin/keys/{id}", "k"},
    {Method::post, "/admin/keys/k/rotate", Endpoint::rotate_key, "/admin/keys/{id}/rotate", "k"},
    {Method::post, "/admin/backup", Endpoint::backup, "/admin/backup"},
};

constexpr Method all_methods[] = {Method::get,   Method::head, Method::post,    Method::put,
                                  Method::patch, Method::del,  Method::options, Method::other};

TEST(RouterTest, EveryPathAndMethodFindsItsEndpoint) {
  for (const Row& row : table) {
    const auto found = match(row.method, row.path);
    ASSERT_TRUE(found.route) << row.path;
    EXPECT_EQ(found.route->endpoint, row.endpoint) << row.path;
    EXPECT_EQ(found.route->name, row.name);
    EXPECT_EQ(found.route->id, row.id);
    EXPECT_EQ(found.route->inbox, row.inbox);
  }
}

TEST(RouterTest, TheTableNamesEveryPath) {
  for (const std::string_view name : path_names()) {
    EXPECT_TRUE(std::ranges::any_of(table, [&](const Row& row) { return row.name == name; })) << name;
  }
}

TEST(RouterTest, AllowNamesExactlyTheMethodsThatWork) {
  for (const Row& row : table) {
    for (const Method method : all_methods) {
      const auto found = match(method, row.path);
      const std::string allow = ", " + std::string{found.allow} + ",";
      const bool listed = allow.find(", " + std::string{http::method_name(method)} + ",") != std::string::npos;
      // OPTIONS is answered for every path, without an endpoint.
      EXPECT_EQ(found.route.has_value() || method == Method::options, listed)
          << http::method_name(method) << ' ' << row.path << " of " << found.allow;
      const bool as_a_name = row.name == path_of_a_name_too && method != Method::post;
      EXPECT_EQ(found.path_name, as_a_name ? "/inboxes/{name}" : row.name);
    }
  }
}

TEST(RouterTest, InboxMayHaveTheNameOfThePathThatTriesFilters) {
  EXPECT_EQ(match(Method::get, "/inboxes/test-filter").allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(match(Method::post, "/inboxes/test-filter").allow, match(Method::put, "/inboxes/test-filter").allow);
  EXPECT_EQ(match(Method::get, "/inboxes/crm").allow, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(match(Method::post, "/inboxes/test-filter").route->inbox, "");
  for (const Method method : {Method::get, Method::head, Method::put, Method::patch, Method::del}) {
    EXPECT_EQ(match(method, "/inboxes/test-filter").route->inbox, "test-filter");
  }
  EXPECT_EQ(match(Method::post, "/inboxes/test-filter/lease").route->inbox, "test-filter");
}

TEST(RouterTest, HeadFindsWhatGetFinds) {
  EXPECT_EQ(match(Method::head, "/inbox").route->endpoint, Endpoint::get_inbox);
  EXPECT_FALSE(match(Method::head, "/events").route);
}

TEST(RouterTest, OneTrailingSlashIsTheSamePath) {
  for (const Row& row : table) {
    if (row.path == "/") continue;
    const auto found = match(row.method, std::string{row.path} + "/");
    ASSERT_TRUE(found.route) << row.path;
    EXPECT_EQ(found.route->endpoint, row.endpoint);
    EXPECT_TRUE(match(row.method, std::string{row.path} + "//").path_name.empty()) << row.path;
  }
}

TEST(RouterTest, OddPathsMatchNothing) {
  for (const std::string_view path : {"",
                                      "*",
                                      "/Events",
                                      "/EVENTS",
                                      "/event",
                                      "/eventss",
                                      "/events/a/b",
                                      "/inbox//",
                                      "/inbox/a/ack",
                                      "events",
                                      "/admin",
                                      "/admin/keys/a/rotate/b",
                                      "/admin/keys//rotate",
                                      "/admin/keys/a/b/rotate",
                                      "/./events",
                                      "/events/../x/",
                                      "/status/x",
                                      "/%65vents",
                                      "/openapi.json/x",
                                      "/inboxes//events",
                                      "/inboxes/a/b",
                                      "/inboxes/a/jobs",
                                      "/inboxes/a//b",
                                      "/inboxes//jobs/b",
                                      "/inboxes/a/jobs//",
                                      "/inboxes/a/jobs/b/c",
                                      "/inboxes/a/b/jobs/c",
                                      "http://host/events"}) {
    EXPECT_TRUE(match(Method::get, path).path_name.empty()) << path;
    EXPECT_FALSE(match(Method::get, path).route) << path;
  }
}

TEST(RouterTest, ALiteralPathWinsOverAnId) {
  EXPECT_EQ(match(Method::get, "/events/batch").path_name, "/events/batch");
  EXPECT_FALSE(match(Method::get, "/events/batch").route);
  EXPECT_FALSE(match(Method::del, "/inbox/ack").route);
}

TEST(RouterTest, AnIdIsPassedOnUnchanged) {
  EXPECT_EQ(match(Method::get, "/events/%20..%2F").route->id, "%20..%2F");
  const std::string longest = "/events/" + std::string(30'000, 'x');
  EXPECT_EQ(match(Method::get, longest).route->id.size(), 30'000U);
  EXPECT_EQ(match(Method::get, std::string_view("/events/\0", 9)).route->id, std::string_view("\0", 1));
}

}  // namespace
}  // namespace triggers::api
