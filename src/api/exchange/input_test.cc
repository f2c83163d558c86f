#include "api/exchange/input.h"

#include <gtest/gtest.h>

namespace triggers::api {
namespace {

http::Request with(std::string_view name, std::string_view value) {
  http::Request request;
  request.headers.add(name, value);
  return request;
}

TEST(InputTest, AQueryIsPercentDecoded) {
  const auto parameters = query_parameters("a=%41%2b+%C3%A9&&b&c=", {"a", "b", "c"});
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(*find(*parameters, "a"), "A+ \xC3\xA9");
  EXPECT_EQ(*find(*parameters, "b"), "");
  EXPECT_EQ(*find(*parameters, "c"), "");
  EXPECT_EQ(find(*parameters, "d"), nullptr);
}

TEST(InputTest, NamesAreDecodedTooAndAValueMayHoldAnEqualsSign) {
  const auto parameters = query_parameters("%61=x=y", {"a"});
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(*find(*parameters, "a"), "x=y");
}

TEST(InputTest, AnEmptyQueryHasNoParameters) {
  EXPECT_TRUE(query_parameters("", {})->empty());
  EXPECT_TRUE(query_parameters("&&&", {})->empty());
}

TEST(InputTest, ABrokenQueryIsRefused) {
  for (const std::string_view query : {"a=%", "a=%4", "a=%zz", "a=%4g", "%=1", "a=%ff", "a=%C3", "a=%ED%A0%80",
                                       "a=\xff", "a=1&a=2", "a=1&%61=2", "b=1", "=1", "A=1", "a=1&b=2"}) {
    const auto parameters = query_parameters(query, {"a"});
    ASSERT_FALSE(parameters.ok()) << query;
    EXPECT_EQ(parameters.error().code, Code::validation_error);
  }
}

TEST(InputTest, AnUnknownParametersErrorListsTheKnownOnes) {
  const auto some = query_parameters("limit=5&_=1700000000", {"limit", "cursor"});
  ASSERT_FALSE(some.ok());
  EXPECT_EQ(some.error().message, "query: _ is not a parameter of this path; the parameters are limit, cursor");
  EXPECT_NE(some.error().details.find(R"("known":["limit","cursor"])"), std::string::npos) << some.error().details;
  const auto none = query_parameters("_=1", {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message, "query: _ is not a parameter of this path; it takes no parameters");
  EXPECT_NE(none.error().details.find(R"("known":[])"), std::string::npos);
}

TEST(InputTest, ANumberIsWholeAndWithinItsBounds) {
  EXPECT_EQ(*parse_number("limit", "1", 1, 200), 1);
  EXPECT_EQ(*parse_number("limit", "200", 1, 200), 200);
  EXPECT_EQ(*parse_number("limit", "-5", -9, 0), -5);
  for (const std::string_view text : {"", "0", "201", "-1", "+1", "1.0", "1e1", " 1", "1 ", "0x1", "one",
                                      "99999999999999999999", "-99999999999999999999"}) {
    EXPECT_FALSE(parse_number("limit", text, 1, 200).ok()) << text;
  }
  EXPECT_FALSE(parse_number("limit", std::string_view("1\0", 2), 1, 200).ok());
}

TEST(InputTest, AnIdIsOursOrAForeignUuidOrNoUuid) {
  constexpr std::string_view ours = "0190a5c0-1234-7abc-8def-0123456789ab";
  EXPECT_EQ((*parse_event_id(ours))->text(), ours);
  EXPECT_EQ((*parse_event_id("0190A5C0-1234-7ABC-8DEF-0123456789AB"))->text(), ours);
  // Another version, another variant, the nil UUID: well-formed, but no event has them.
  for (const std::string_view other : {"0190a5c0-1234-4abc-8def-0123456789ab", "0190a5c0-1234-7abc-cdef-0123456789ab",
                                       "00000000-0000-0000-0000-000000000000"}) {
    const auto id = parse_event_id(other);
    ASSERT_TRUE(id.ok()) << other;
    EXPECT_FALSE(id->has_value()) << other;
  }
  for (const std::string_view bad : {"", "x", "0190a5c0-1234-7abc-8def-0123456789a",
                                     "0190a5c0-1234-7abc-8def-0123456789abc", "0190a5c012347abc8def0123456789ab",
                                     "0190a5c0-1234-7abc-8def-0123456789ag", "{0190a5c0-1234-7abc-8def-0123456789",
                                     "0190a5c0-1234-7abc-8def_0123456789ab", "0190a5c0-1234-7abc-8def-0123456789%61"}) {
    EXPECT_FALSE(parse_event_id(bad).ok()) << bad;
  }
}

TEST(InputTest, JsonIsRecognisedByItsMediaType) {
  EXPECT_TRUE(require_json(http::Request{}).ok());
  for (const std::string_view type : {"application/json", "Application/JSON; charset=utf-8", "application/json ;x=y",
                                      "application/cloudevents+json", "application/vnd.api+JSON"}) {
    EXPECT_TRUE(require_json(with("Content-Type", type)).ok()) << type;
  }
  for (const std::string_view type : {"text/plain", "application/jsonp", "application/xml", "json", "+json",
                                      "application/x-www-form-urlencoded", "application/x-ndjson"}) {
    const auto refused = require_json(with("content-type", type));
    ASSERT_FALSE(refused.ok()) << type;
    EXPECT_EQ(refused.error().code, Code::unsupported_media_type);
  }
}

TEST(InputTest, ABatchIsAnArrayOrLines) {
  EXPECT_EQ(*batch_format(http::Request{}), BatchFormat::array);
  EXPECT_EQ(*batch_format(with("Content-Type", "application/json")), BatchFormat::array);
  EXPECT_EQ(*batch_format(with("Content-Type", "application/X-NDJSON; charset=utf-8")), BatchFormat::lines);
  EXPECT_EQ(*batch_format(with("Content-Type", "application/jsonl")), BatchFormat::lines);
  EXPECT_FALSE(batch_format(with("Content-Type", "text/csv")).ok());
}

TEST(InputTest, AnIdempotencyKeyIsVisibleAsciiQuotedOrNot) {
  EXPECT_FALSE(idempotency_key(http::Request{})->has_value());
  EXPECT_EQ(**idempotency_key(with("Idempotency-Key", "abc")), "abc");
  EXPECT_EQ(**idempotency_key(with("idempotency-key", "\"abc\"")), "abc");
  EXPECT_EQ((*idempotency_key(with("Idempotency-Key", std::string(255, '~'))))->size(), 255U);
  for (const auto& bad :
       {std::string{}, std::string{"\"\""}, std::string{"a b"}, std::string{"a\tb"}, std::string{"\xC3\xA9"},
        std::string{"a\x7f"}, std::string("a\0b", 3), std::string(256, 'a')}) {
    EXPECT_FALSE(idempotency_key(with("Idempotency-Key", bad)).ok()) << bad;
  }
  auto twice = with("Idempotency-Key", "a");
  twice.headers.add("Idempotency-Key", "a");
  EXPECT_FALSE(idempotency_key(twice).ok());
}

TEST(InputTest, AParsersRefusalKeepsItsFieldAndSizes) {
  event::ParseError refusal;
  refusal.field = "payload";
  refusal.message = "is too large";
  EXPECT_EQ(from_parse_error(refusal).code, Code::validation_error);
  refusal.kind = event::ParseError::Kind::too_large;
  refusal.limit_bytes = 10;
  refusal.size_bytes = 11;
  EXPECT_EQ(from_parse_error(refusal).code, Code::payload_too_large);
  EXPECT_EQ(from_parse_error(refusal).details, R"({"field":"payload","limit_bytes":10,"size_bytes":11})");
}

}  // namespace
}  // namespace triggers::api
