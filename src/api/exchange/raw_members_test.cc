#include "api/exchange/raw_members.h"

#include <gtest/gtest.h>

#include <deque>

namespace triggers::api {
namespace {

constexpr int levels = 4;

OrRefusal<std::vector<RawMember>> read(std::string body) {
  http::Request request;
  request.body = std::move(body);
  // The texts are views into the body, so it must outlive this call.
  static std::deque<http::Request> kept;
  return raw_members(kept.emplace_back(std::move(request)), levels, {"filter", "event"});
}

TEST(RawMembers, ValuesAreTheTextsThatWereSent) {
  const auto members = read("{ \"event\" : {\"n\": 1e400, \"n\":1.0 } ,\n\"\\u0066ilter\":\t[ 0.10 ]}").value();
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "event");
  EXPECT_EQ(members[0].value, R"({"n": 1e400, "n":1.0 })");
  EXPECT_EQ(*find(members, "filter"), "[ 0.10 ]");
  EXPECT_EQ(find(members, "other"), nullptr);
  EXPECT_TRUE(read(" {} ").value().empty());
}

TEST(RawMembers, OtherBodiesAreRefusedWithWhatIsWrong) {
  struct {
    std::string body, field, problem;
  } const rows[] = {
      {"", "body", "The body is empty; send a JSON object."},
      {"\xef\xbb\xbf{}", "body", "byte order mark"},
      {"{\"filter\":\"\xff\"}", "body", "not valid UTF-8 at byte offset 11"},
      {"[]", "body", "must be a JSON object"},
      {"null", "body", "must be a JSON object"},
      {"{", "body", "a member's name in double quotes is needed here"},
      {R"({"filter" 1})", "body", "a colon is needed after a member's name"},
      {R"({"filter":})", "body", "a value is needed here"},
      {R"({"filter":1 "event":2})", "body", "a comma or a closing brace is needed here"},
      {R"({"filter":1}})", "body", "there is more after the end of the value"},
      {R"({"filter":[[[[]]]]})", "body", "nested too deep (over 4 levels)"},
      {R"({"filters":1})", "filters", "is not a field of this request; it has: filter, event"},
      {R"({"filter":1,"event":2,"filter":3})", "filter", "is given more than once"},
      {R"({"filter":1,"event":2,"\u0066ilter":3})", "filter", "is given more than once"},
      {R"({"filter":1,"event":2,"x":3})", "x", "is not a field"},
      {R"({"x":1,"y":2,"z":3,"filter":{}})", "x", "is not a field"},
  };
  for (const auto& row : rows) {
    const auto refused = read(row.body);
    ASSERT_FALSE(refused) << row.body;
    EXPECT_EQ(refused.error().code, Code::validation_error);
    EXPECT_NE(refused.error().details.find(R"("field":")" + row.field + '"'), std::string::npos)
        << row.body << ": " << refused.error().details;
    EXPECT_NE(refused.error().message.find(row.problem), std::string::npos) << refused.error().message;
  }
  EXPECT_TRUE(read(R"({"filter":[[[]]]})"));
}

}  // namespace
}  // namespace triggers::api
