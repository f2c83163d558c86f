#include "lambda/response_event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encoding.h"

namespace triggers::lambda {
namespace {

namespace json = boost::json;

http::Request to(http::Method method, std::string target = "/events") {
  return {.method = method, .target = std::move(target), .headers = {}, .body = {}, .peer = {}, .ticket = {}};
}

http::Response created() {
  http::Response response;
  response.status = 201;
  response.body = R"({"status":"accepted"})";
  response.add("Location", "/events/1");
  response.add("Vary", "Origin");
  response.add("vary", "Accept");
  return response;
}

TEST(ResponseEvent, OfFormat2JoinsTheFieldsOfOneName) {
  EXPECT_EQ(json::parse(write_response(created(), Format::http_2_0, to(http::Method::post))),
            json::parse(R"({"statusCode":201,"headers":{"Content-Type":"application/json","Location":"events/1",
              "Vary":"Origin, Accept"},"body":"{\"status\":\"accepted\"}","isBase64Encoded":false})"));
}

TEST(ResponseEvent, OfFormat1ListsTheFieldsOfOneName) {
  EXPECT_EQ(json::parse(write_response(created(), Format::rest_1_0, to(http::Method::post))),
            json::parse(R"({"statusCode":201,"multiValueHeaders":{"Content-Type":["application/json"],
              "Location":["events/1"],"Vary":["Origin","Accept"]},"body":"{\"status\":\"accepted\"}",
              "isBase64Encoded":false})"));
}

TEST(ResponseEvent, LocationIsRelativeToTheRequest) {
  const auto location = [](std::string target, std::string of) {
    http::Response response;
    response.add("Location", std::move(of));
    const auto answer =
        json::parse(write_response(response, Format::http_2_0, to(http::Method::post, std::move(target))));
    return std::string(answer.at("headers").at("Location").as_string());
  };
  EXPECT_EQ(location("/events?x=/a/b", "/events/1"), "events/1");
  EXPECT_EQ(location("/admin/keys", "/admin/keys/key_1"), "keys/key_1");
  EXPECT_EQ(location("/admin/keys", "/events/1"), "/events/1");
  EXPECT_EQ(location("*", "/events/1"), "/events/1");
}

TEST(ResponseEvent, BodyThatIsNotUtf8GoesAsBase64) {
  auto response = created();
  response.body = std::string("\xff\0", 2);
  const auto answer = json::parse(write_response(response, Format::http_2_0, to(http::Method::get)));
  EXPECT_TRUE(answer.at("isBase64Encoded").as_bool());
  EXPECT_EQ(from_base64(std::string(answer.at("body").as_string())), response.body);
}

TEST(ResponseEvent, ToHeadAndWith204HasNoBody) {
  const auto body = [](const http::Response& response, http::Method method) {
    return json::parse(write_response(response, Format::http_2_0, to(method))).at("body").as_string();
  };
  EXPECT_EQ(body(created(), http::Method::head), "");
  auto response = created();
  response.status = 204;
  EXPECT_EQ(body(response, http::Method::del), "");
  EXPECT_FALSE(json::parse(write_response(response, Format::http_2_0, to(http::Method::del)))
                   .at("headers")
                   .as_object()
                   .contains("Content-Type"));
}

}  // namespace
}  // namespace triggers::lambda
