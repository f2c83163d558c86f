#pragma once

// The fixture of the tests of inboxes: requests of an admin, of a creator and of a viewer, over the memory store.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/test_service.h"

namespace triggers::api {

struct AskedPath {
  http::Method method;
  std::string path, body;
};
/// A request of each endpoint about one inbox that must exist. (PUT may make it.)
inline std::vector<AskedPath> about_one_inbox(const std::string& name) {
  const std::string inbox = "/inboxes/" + name;
  const std::string by = R"({"lease_id":"01a20bbb-7022-7d01-8d91-44c476987c33")";
  return {{http::Method::get, inbox, ""},
          {http::Method::patch, inbox, R"({"collect":true})"},
          {http::Method::del, inbox, ""},
          {http::Method::get, inbox + "/events", ""},
          {http::Method::get, inbox + "/stream", ""},
          {http::Method::post, inbox + "/lease", R"({"wait_seconds":1})"},
          {http::Method::post, inbox + "/ack", by + "}"},
          {http::Method::post, inbox + "/release", by + "}"},
          {http::Method::post, inbox + "/extend", by + R"(,"lease_seconds":1})"},
          {http::Method::post, inbox + "/requeue", R"({"event_ids":["x"]})"},
          {http::Method::post, inbox + "/requeue", R"({"all":true})"},
          {http::Method::post, inbox + "/discard", R"({"event_ids":["x"]})"},
          {http::Method::post, inbox + "/discard", R"({"all":true})"},
          {http::Method::post, inbox + "/purge", ""},
          {http::Method::post, inbox + "/replay", R"({"since":"2026-01-01T00:00:00Z"})"},
          {http::Method::get, inbox + "/jobs/01a20bbb-7022-7d01-8d91-44c476987c33", ""}};
}

class InboxesTest : public testing::Test {
 protected:
  using Strings = std::vector<std::string>;

  Seen get(const std::string& path) { return service_.send(http::Method::get, path, viewer_); }
  Seen post(const std::string& path, const std::string& body) {
    return service_.send(http::Method::post, path, creator_, body);
  }
  Seen put(const std::string& name, const std::string& settings, TestService::Fields fields = {}) {
    return service_.send(http::Method::put, "/inboxes/" + name, admin_, settings, fields);
  }
  Seen change(const std::string& name, const std::string& settings, TestService::Fields fields = {}) {
    return service_.send(http::Method::patch, "/inboxes/" + name, admin_, settings, fields);
  }
  Seen remove(const std::string& name, TestService::Fields fields = {}) {
    return service_.send(http::Method::del, "/inboxes/" + name, admin_, {}, fields);
  }

  /// Sends so many different events; their ids.
  Strings send(int count, const std::string& type = "t") {
    Strings ids;
    for (int i = 0; i != count; ++i) {
      ids.push_back(service_.post(creator_, type, R"({"n":)" + std::to_string(sent_++) + "}").text("event_id"));
    }
    return ids;
  }

  /// `["…","…"]`
  static std::string list(const Strings& ids) {
    std::string text;
    for (const std::string& id : ids) text += (text.empty() ? "[\"" : ",\"") + id + '"';
    return text + ']';
  }
  /// This member of each element of the list.
  static Strings each(const Seen& seen, std::string_view list, std::string_view member) {
    Strings found;
    const auto body = seen.json();
    for (const auto& element : body.at(list).as_array()) {
      const auto& value = element.at(member);
      found.push_back(value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value));
    }
    return found;
  }
  static Strings ids(const Seen& seen) { return each(seen, "events", "id"); }
  static Strings statuses(const Seen& seen) { return each(seen, "results", "status"); }
  std::string counts(const std::string& inbox) { return get("/inboxes/" + inbox).text("counts"); }

  TestService service_;
  std::string admin_ = service_.key(auth::Role::admin);
  std::string creator_ = service_.key(auth::Role::creator);
  std::string viewer_ = service_.key(auth::Role::viewer);

 private:
  int sent_ = 0;
};

}  // namespace triggers::api
