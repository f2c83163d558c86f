#include "http/wire/message.h"

#include <gtest/gtest.h>

#include "http/wire/response_writer.h"

namespace triggers::http {
namespace {

TEST(Headers, NamesCompareWithoutCaseAndKeepTheirOrder) {
  Headers headers;
  headers.add("X-A", "1");
  headers.add("x-a", "2");
  headers.add("", "");
  EXPECT_EQ(headers.find("X-a"), "1");
  EXPECT_EQ(headers.count("x-A"), 2U);
  EXPECT_EQ(headers.at(1).second, "2");
  EXPECT_FALSE(headers.find("X-"));
  headers.clear();
  EXPECT_EQ(headers.size(), 0U);
  EXPECT_FALSE(headers.find("X-A"));
}

TEST(Headers, MemoryOfAnUnusualRequestIsGivenBack) {
  Headers headers;
  headers.add("X-Long", std::string(30'000, 'x'));
  for (int i = 0; i < 1000; ++i) headers.add("X", "y");
  EXPECT_GT(headers.memory_bytes(), 30'000U);
  headers.clear();
  EXPECT_LT(headers.memory_bytes(), 100U);
}

TEST(EqualIgnoringCase, IgnoresCaseOfLettersOnly) {
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
}

TEST(Request, PathAndQueryAreSplitAtTheFirstMark) {
  Request request;
  request.target = "/a?b=c?d";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "b=c?d");
  request.target = "/a";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "");
}

std::string written(const Response& response, const Framing& framing) {
  std::string out = "what was there before";
  write_response(out, response, framing, "now");
  return out;
}

TEST(WriteResponse, IsOneMessageWithItsLength) {
  Response response;
  response.status = 201;
  response.body = "{}";
  response.add("Location", "/events/1");
  EXPECT_EQ(written(response, {}),
            "HTTP/1.1 201 Created\r\nServer: triggers\r\nDate: now\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\nLocation: /events/1\r\n\r\n{}");
}

TEST(WriteResponse, HeadHasTheLengthWithoutTheBody) {
  Response response;
  response.body = "{}";
  EXPECT_TRUE(written(response, {.head = true}).ends_with("Content-Length: 2\r\n\r\n"));
}

TEST(WriteResponse, NoContentHasNoLength) {
  Response response;
  response.status = 204;
  EXPECT_EQ(written(response, {.close = true}),
            "HTTP/1.1 204 No Content\r\nServer: triggers\r\nDate: now\r\nConnection: close\r\n\r\n");
}

TEST(WriteResponse, LargeBodyIsLeftToASecondBuffer) {
  Response response;
  response.body.assign(body_copied_bytes_max + 1, 'x');
  std::string out;
  EXPECT_TRUE(write_response(out, response, {}, "now"));
  EXPECT_TRUE(out.ends_with("\r\n\r\n"));
  EXPECT_FALSE(write_response(out, response, {.head = true}, "now"));
}

TEST(DateText, IsAnImfFixdate) {
  DateText date;
  EXPECT_EQ(date.now().size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
  EXPECT_TRUE(date.now().ends_with(" GMT"));
}

}  // namespace
}  // namespace triggers::http
