// The pages for people: start page, documentation, their addresses and prefixes (get_root.h, get_docs.h, html.h).

#include <gtest/gtest.h>

#include "api/endpoints/service/html.h"
#include "api/test_service.h"

namespace triggers::api {
namespace {

using http::Method;

constexpr std::string_view browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

TEST(PagesTest, HtmlIsSentIfTheClientPrefersItToJson) {
  const auto wanted = [](std::string_view accept) {
    http::Request request;
    if (!accept.empty()) request.headers.add("Accept", accept);
    return prefers_html(request);
  };
  for (const std::string_view accept : {browser, std::string_view{"text/html"}, std::string_view{"TEXT/HTML ; q=0.5"},
                                        std::string_view{"application/json;q=0.4, text/html;charset=x;q=0.5"}}) {
    EXPECT_TRUE(wanted(accept)) << accept;
  }
  for (const std::string_view accept :
       {"", "*/*", "application/json", "text/*", "text/html;q=0", "text/html;q=x", "application/json, text/html",
        "text/html;q=0.1, application/json;q=0.2", ",,;", "text/htmlx"}) {
    EXPECT_FALSE(wanted(accept)) << accept;
  }
}

TEST(PagesTest, InsertedTextIsNotSearchedAgain) {
  EXPECT_EQ(replaced("a b a", {{"a", "b"}, {"b", "a"}}), "b a b");
  EXPECT_EQ(replaced("", {{"a", "b"}}), "");
  EXPECT_EQ(html_escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(PagesTest, ABrowserSeesAPageAtTheRootAndAProgramSeesJson) {
  TestService service("api-title", "Tom & <Jerry>");
  const auto page = service.send(Method::get, "/", {}, {}, {{"Accept", browser}, {"Host", "a.example:8443"}});
  EXPECT_EQ(page.response.content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.response.body.find("<h1>Tom &amp; &lt;Jerry&gt;</h1>"), std::string::npos);
  EXPECT_NE(page.response.body.find("curl -sS http://a.example:8443/me"), std::string::npos);
  EXPECT_EQ(page.response.body.find("{{"), std::string::npos);
  for (const auto* path : {"\"/docs\"", "\"/openapi.json\"", "\"/health\""}) {
    EXPECT_NE(page.response.body.find(path), std::string::npos) << path;
  }
  EXPECT_NE(page.header("Vary").find("Accept"), std::string::npos);
  const auto json = service.send(Method::get, "/", {}, {}, {{"Accept", "*/*"}});
  EXPECT_EQ(json.text("name"), "Tom & <Jerry>");
  EXPECT_EQ(json.text("docs"), "/docs");
}

TEST(PagesTest, PagesLoadNothingFromElsewhere) {
  TestService service;
  for (const auto* path : {"/", "/docs"}) {
    const auto page = service.send(Method::get, path, {}, {}, {{"Accept", browser}}).response.body;
    for (const auto* mark : {"src=", "@import", "url(", "<link rel=\"stylesheet\"", "href=\"http", "fetch("}) {
      EXPECT_EQ(page.find(mark), std::string::npos) << path << ' ' << mark;
    }
  }
}

TEST(PagesTest, PagesAndOpenapiNameTheAddressOfTheRequest) {
  TestService service;
  const auto told = [&](TestService::Fields fields) {
    const auto document = service.send(Method::get, "/openapi.json", {}, {}, fields);
    const std::string address{document.json().at("servers").at(0).at("url").as_string()};
    const auto docs = service.send(Method::get, "/docs", {}, {}, fields).response.body;
    EXPECT_NE(docs.find("TRIGGERS_URL=" + address + "\n"), std::string::npos) << address;
    return address;
  };
  EXPECT_EQ(told({}), "http://localhost:8000");
  EXPECT_EQ(told({{"Host", "127.0.0.1:9000"}}), "http://127.0.0.1:9000");
  EXPECT_EQ(told({{"Host", "[::1]:9000"}}), "http://[::1]:9000");
  EXPECT_EQ(told({{"Host", "inside"}, {"X-Forwarded-Host", "a.example, b"}, {"X-Forwarded-Proto", "https"}}),
            "https://a.example");
  EXPECT_EQ(told({{"Host", "a.example"}, {"X-Forwarded-Proto", "HTTPS"}, {"X-Forwarded-Prefix", "/prod/"}}),
            "https://a.example/prod");
  // It is put into HTML and JSON: what is no host or path is left out.
  EXPECT_EQ(told({{"Host", "\"><script>"}}), "http://localhost:8000");
  EXPECT_EQ(told({{"Host", "a b"}}), "http://localhost:8000");
  EXPECT_EQ(told({{"Host", "a"}, {"X-Forwarded-Prefix", "//evil.example"}}), "http://a");
  EXPECT_EQ(told({{"Host", "a"}, {"X-Forwarded-Prefix", "/\"x"}}), "http://a");
  EXPECT_EQ(told({{"Host", std::string(256, 'a')}}), "http://localhost:8000");
}

TEST(PagesTest, TheMissingIconIsNoFailure) {
  TestService service;
  const auto seen = service.send(Method::get, "/favicon.ico");
  EXPECT_EQ(seen.status(), 204U);
  EXPECT_EQ(seen.header("Cache-Control"), "max-age=86400");
}

TEST(PagesTest, ABasePathMayPrecedeEveryPath) {
  TestService service("base-path", "/triggers");
  const auto key = service.key();
  for (const std::string path : {"/health", "/triggers/health", "/triggers", "/triggers/", "/triggers/inbox?limit=1"}) {
    EXPECT_EQ(service.send(Method::get, path, key).status(), 200U) << path;
  }
  for (const std::string path :
       {"/triggersx/health", "/triggers/triggers/health", "/other/health", "/triggershealth"}) {
    EXPECT_EQ(service.send(Method::get, path, key).status(), 404U) << path;
  }
  const auto event = R"({"event_type":"t","payload":{}})";
  const auto behind = service.send(Method::post, "/triggers/events", key, event);
  EXPECT_EQ(behind.header("Location"), "/triggers/events/" + behind.text("event_id"));
  EXPECT_EQ(service.send(Method::get, behind.header("Location"), key).status(), 200U);
  const auto plain = service.send(Method::post, "/events", key, event);
  EXPECT_EQ(plain.header("Location"), "/events/" + plain.text("event_id"));
  EXPECT_EQ(service.send(Method::get, "/triggers").text("docs"), "/triggers/docs");
  const auto document = service.send(Method::get, "/triggers/openapi.json", {}, {}, {{"Host", "a"}}).json();
  EXPECT_EQ(document.at("servers").at(0).at("url").as_string(), "http://a/triggers");
  const auto page = service.send(Method::get, "/triggers/", {}, {}, {{"Accept", browser}}).response.body;
  EXPECT_NE(page.find("href=\"/triggers/docs\""), std::string::npos);
  EXPECT_EQ(body_bytes_max(service.config, Method::post, "/triggers/events/batch"), 5'242'880U);
  EXPECT_EQ(body_bytes_max(service.config, Method::post, "/triggers/events"), 524'288U);
}

}  // namespace
}  // namespace triggers::api
