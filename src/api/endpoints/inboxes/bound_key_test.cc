// Keys that are bound to some inboxes: to them, the others do not exist, whatever the path.

#include <algorithm>
#include <set>

#include "api/endpoints/inboxes/test_inboxes.h"
#include "api/exchange/endpoint_table.h"
#include "api/exchange/router.h"

namespace triggers::api {
namespace {

using http::Method;

class BoundKeyTest : public InboxesTest {
 protected:
  BoundKeyTest() {
    put("billing", "{}");
    put("crm", "{}");
  }

  std::string key_for(const std::string& inboxes, const std::string& role = "admin") {
    const Seen made = service_.send(Method::post, "/admin/keys", admin_,
                                    R"({"role":")" + role + R"(","rate_limit":"unlimited","inboxes":)" + inboxes + "}");
    EXPECT_EQ(made.status(), 201U) << made.response.body;
    key_id_ = made.text("key_id");
    return made.text("api_key");
  }

  std::string key_id_;  ///< Of the last key_for().
};

/// Requests about `default` by the paths that do not name it.
std::vector<AskedPath> about_default(const std::string& event_id) {
  return {{Method::get, "/inbox", ""},
          {Method::get, "/events/inbox", ""},
          {Method::post, "/inbox/ack", R"({"event_ids":["x"]})"},
          {Method::get, "/events/" + event_id, ""},
          {Method::get, "/inbox/" + event_id, ""},
          {Method::del, "/events/" + event_id, ""},
          {Method::del, "/inbox/" + event_id, ""}};
}

TEST_F(BoundKeyTest, EveryPathAboutAnInboxIsTried) {
  auto asked = about_one_inbox("crm");
  asked.push_back({Method::put, "/inboxes/crm", ""});
  std::ranges::copy(about_default("x"), std::back_inserter(asked));
  std::set<std::pair<Method, std::string_view>> tried;
  for (const AskedPath& one : asked) tried.emplace(one.method, match(one.method, one.path).path_name);
  for (const EndpointRow& row : endpoint_table) {
    const bool is_about_one = row.path.find("{name}") != std::string_view::npos || row.path.starts_with("/inbox/") ||
                              row.path == "/inbox" || row.path == "/events/{id}" || row.path == "/events/inbox";
    EXPECT_EQ(is_about_one, tried.contains({row.method, row.path})) << row.path;
  }
}

TEST_F(BoundKeyTest, OtherInboxesAreToldAsThoseThatDoNotExist) {
  const std::string bound = key_for(R"(["billing","none"])");
  for (const AskedPath& asked : about_one_inbox("none")) {
    EXPECT_EQ(service_.send(asked.method, asked.path, bound, asked.body).status(), 404U) << asked.path;
  }
  const auto of_none = about_one_inbox("none");
  const auto of_crm = about_one_inbox("crm");
  for (std::size_t i = 0; i != of_crm.size(); ++i) {
    const Seen hidden = service_.send(of_crm[i].method, of_crm[i].path, bound, of_crm[i].body);
    const Seen missing = service_.send(of_none[i].method, of_none[i].path, bound, of_none[i].body);
    EXPECT_EQ(hidden.status(), 404U) << of_crm[i].path;
    EXPECT_EQ(hidden.detail("inbox"), "crm");
    std::string as_missing = missing.text("message");
    const auto at = as_missing.find("none");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(hidden.text("message"), as_missing.replace(at, 4, "crm"));
  }
  EXPECT_EQ(service_.send(Method::put, "/inboxes/new", bound, "{}").status(), 404U);
  EXPECT_EQ(get("/inboxes/crm").status(), 200U) << "nothing was deleted";
  EXPECT_EQ(get("/inboxes/new").status(), 404U) << "nothing was made";
}

TEST_F(BoundKeyTest, OwnInboxesWorkAsForAnyKey) {
  const std::string bound = key_for(R"(["billing"])");
  for (const AskedPath& asked : about_one_inbox("billing")) {
    if (asked.method == Method::del || asked.path.find("/jobs/") != std::string::npos) continue;
    const unsigned status = service_.send(asked.method, asked.path, bound, asked.body).status();
    // Nobody is there to read a stream.
    EXPECT_TRUE(status < 300U || (status == 501U && asked.path.ends_with("/stream"))) << asked.path;
  }
  EXPECT_EQ(each(service_.send(Method::get, "/inboxes", bound), "inboxes", "name"), Strings{"billing"});
  EXPECT_EQ(service_.send(Method::put, "/inboxes/billing", bound, "{}").status(), 200U);
  EXPECT_EQ(service_.send(Method::del, "/inboxes/billing", bound).status(), 202U);
  EXPECT_EQ(service_.send(Method::put, "/inboxes/billing", bound, "{}").status(), 201U);
}

TEST_F(BoundKeyTest, PathsOfDefaultNeedDefault) {
  const auto ids = send(2);
  const std::string other = key_for(R"(["billing"])");
  const std::string with_default = key_for(R"(["billing","default"])");
  for (const AskedPath& asked : about_default(ids[0])) {
    EXPECT_EQ(service_.send(asked.method, asked.path, other, asked.body).status(), 404U) << asked.path;
    EXPECT_LT(service_.send(asked.method, asked.path, with_default, asked.body).status(), 300U) << asked.path;
  }
  EXPECT_EQ(service_.send(Method::get, "/inboxes/default", other).status(), 404U);
  EXPECT_EQ(service_.send(Method::get, "/inboxes/default", with_default).status(), 200U);
}

TEST_F(BoundKeyTest, SendingAndTryingFiltersIsNotBound) {
  const std::string bound = key_for(R"(["billing"])");
  EXPECT_EQ(service_.post(bound, "t", "{}").status(), 201U);
  EXPECT_EQ(
      service_
          .send(Method::post, "/inboxes/test-filter", bound, R"({"filter":{},"event":{"event_type":"t","payload":{}}})")
          .status(),
      200U);
}

TEST_F(BoundKeyTest, BindingIsShownAndChangedFromTheNextRequestOn) {
  const std::string bound = key_for(R"(["crm","billing"])", "viewer");
  EXPECT_EQ(service_.send(Method::get, "/me", bound).text("inboxes"), R"(["crm","billing"])");
  EXPECT_EQ(service_.send(Method::get, "/me", viewer_).text("inboxes"), "[]");
  const std::string path = "/admin/keys/" + key_id_;
  EXPECT_EQ(service_.send(Method::patch, path, admin_, R"({"inboxes":["default"]})").text("inboxes"), R"(["default"])");
  EXPECT_EQ(service_.send(Method::get, "/inboxes/crm", bound).status(), 404U);
  EXPECT_EQ(service_.send(Method::get, "/inbox", bound).status(), 200U);
  service_.send(Method::patch, path, admin_, R"({"inboxes":[]})");
  EXPECT_EQ(service_.send(Method::get, "/inboxes/crm", bound).status(), 200U);
}

TEST_F(BoundKeyTest, ListThatIsWrongIsRefused) {
  key_for(R"(["billing"])");
  for (const std::string& names :
       {std::string("\"billing\""), std::string("null"), std::string("[1]"), std::string(R"(["a b"])"),
        std::string(R"([""])"), std::string(R"(["-x"])"), list(Strings(101, "crm"))}) {
    for (const Seen& seen :
         {service_.send(Method::post, "/admin/keys", admin_, R"({"inboxes":)" + names + "}"),
          service_.send(Method::patch, "/admin/keys/" + key_id_, admin_, R"({"inboxes":)" + names + "}")}) {
      EXPECT_EQ(seen.status(), 400U) << names;
      EXPECT_EQ(seen.detail("field"), "inboxes") << names;
    }
  }
  EXPECT_EQ(service_.send(Method::get, "/admin/keys/" + key_id_, admin_).text("inboxes"), R"(["billing"])");
  EXPECT_NE(key_for(list(Strings(100, "crm"))), "");
}

}  // namespace
}  // namespace triggers::api
