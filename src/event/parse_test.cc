#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/event.h"

namespace triggers::event {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}

NewEvent accept(std::string_view text, const Limits& limits = {}) {
  auto parsed = parse(text, limits);
  if (const auto* refusal = std::get_if<ParseError>(&parsed)) {
    ADD_FAILURE() << "refused: " << text.substr(0, 200) << "\n" << refusal->field << ": " << refusal->message;
    return {};
  }
  return std::get<NewEvent>(std::move(parsed));
}

ParseError refuse(std::string_view text, const Limits& limits = {}) {
  auto parsed = parse(text, limits);
  if (std::holds_alternative<NewEvent>(parsed)) {
    ADD_FAILURE() << "accepted: " << text.substr(0, 200);
    return {};
  }
  return std::get<ParseError>(std::move(parsed));
}

std::string with_payload(std::string_view value) {
  return R"({"event_type":"a","payload":{"v":)" + std::string(value) + "}}";
}

TEST(Parse, AWholeEventComesBackAsItWasSent) {
  const auto event = accept(R"( {"source":"shop \u00e9","payload": {"n" : 1.0, "s":"\u0041"} ,
                                "metadata":{ } ,"event_type":"order.created"} )");
  EXPECT_EQ(event.event_type, "order.created");
  EXPECT_EQ(event.payload, R"({"n" : 1.0, "s":"\u0041"})");
  EXPECT_EQ(event.source, "shop \xc3\xa9");
  EXPECT_EQ(event.metadata, "{ }");
  EXPECT_EQ(event.fingerprint, fingerprint("order.created", event.payload));
}

TEST(Parse, SourceAndMetadataMayBeLeftOutOrNull) {
  for (const auto text :
       {R"({"event_type":"a","payload":{}})", R"({"event_type":"a","payload":{},"source":null,"metadata":null})"}) {
    const auto event = accept(text);
    EXPECT_EQ(event.source, std::nullopt);
    EXPECT_EQ(event.metadata, "");
  }
  EXPECT_EQ(accept(R"({"event_type":"a","payload":{},"source":""})").source, "");
}

TEST(Parse, FieldNamesMayBeEscaped) {
  EXPECT_EQ(accept(R"({"\u0065vent_type":"a","p\u0061yload":{}})").event_type, "a");
  EXPECT_THAT(refuse(R"({"event_type":"a","payload":{},"\u0065vent_type":"b"})").message, HasSubstr("more than once"));
}

TEST(Parse, AnyJsonIsAcceptedInsideThePayload) {
  for (const auto value : {"123456789012345678901234567890",
                           "1e400",
                           "-1E-999",
                           "-0",
                           "0.0",
                           "0e1",
                           "\"\\ud800\"",
                           "\"\\udc00\\ud800\"",
                           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fF\"",
                           "\"\x7f\"",
                           "\"\xf4\x8f\xbf\xbf\"",
                           "\"\xef\xbb\xbf\"",
                           "[]",
                           "{}",
                           "[[],{}]",
                           "true",
                           "false",
                           "null",
                           "{\"a\":1,\"a\":2}",
                           "{\"\":0}",
                           " \t\r\n1 \t\r\n"}) {
    const std::string text = with_payload(value);
    EXPECT_EQ(accept(text).payload, text.substr(28, text.size() - 29));
  }
}

TEST(Parse, WhatIsNotJsonIsRefusedAsBody) {
  for (const auto value : {"",          "01",          "-",          "-a",    "1.",
                           "1.e1",      "1e",          "1e+",        ".5",    "+1",
                           "0x1",       "NaN",         "Infinity",   "tru",   "True",
                           "nulll",     "'a'",         "\"a",        "\"\\",  "\"\\x41\"",
                           "\"\\u12\"", "\"\\u12g4\"", "\"\n\"",     "[1,]",  "[,1]",
                           "[1 2]",     "[",           "]",          "[1}",   "{\"a\"}",
                           "{\"a\":}",  "{\"a\":1,}",  "{a:1}",      "{1:1}", "{\"a\":1 \"b\":2}",
                           "{,}",       "// no",       "1 /* no */", "\f1",   "\u00a01"}) {
    const auto refusal = refuse(with_payload(value));
    EXPECT_EQ(refusal.field, "body") << value;
    EXPECT_EQ(refusal.kind, ParseError::Kind::invalid);
    EXPECT_THAT(refusal.message, HasSubstr("at byte offset "));
  }
}

TEST(Parse, EveryControlCharacterInAStringIsRefused) {
  for (char c = 0; c != 0x20; ++c) {
    for (const std::size_t before : {0U, 7U, 8U, 15U, 16U, 40U}) {
      const std::string string = '"' + std::string(before, 'x') + c + std::string(20, 'y') + '"';
      EXPECT_EQ(refuse(with_payload(string)).field, "body") << int{c} << " after " << before;
    }
  }
}

TEST(Parse, IllFormedUtf8IsRefusedWithItsOffset) {
  for (const auto bytes : {"\x80"sv, "\xc3"sv, "\xc0\xaf"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xe2\x82"sv,
                           "\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv,
                           "\xf5\x80\x80\x80"sv, "\xff"sv, "\xf0\x9f\x98"sv}) {
    const auto refusal = refuse(with_payload("\"\xc3\xa9" + std::string(bytes) + "\""));
    EXPECT_EQ(refusal.field, "body");
    EXPECT_THAT(refusal.message, HasSubstr("UTF-8 at byte offset 36."));
  }
}

TEST(Parse, EmptyBomTrailingTextAndNulAreRefused) {
  for (const auto text : {""sv, " \r\n\t"sv}) EXPECT_THAT(refuse(text).message, HasSubstr("is empty"));
  EXPECT_THAT(refuse("\xef\xbb\xbf{}").message, HasSubstr("byte order mark"));
  EXPECT_THAT(refuse(R"({"event_type":"a","payload":{}} x)").message, HasSubstr("at byte offset 32: there is more"));
  EXPECT_EQ(refuse("{\"event_type\":\"a\",\"payload\":{}}\0"sv).field, "body");
  EXPECT_EQ(refuse("\0"sv).field, "body");
}

TEST(Parse, EveryPrefixOfAnEventIsRefusedAsBody) {
  const std::string text = R"({"event_type":"\u0041\n","payload":{"a":[1.5e3,true,null,{"b":"é"}]},"source":"s"})";
  accept(text);
  for (std::size_t size = 0; size != text.size(); ++size) {
    EXPECT_EQ(refuse(std::string(text, 0, size)).field, "body") << size;
  }
}

TEST(Parse, AMalformedTailWinsOverAFieldFault) {
  EXPECT_EQ(refuse(R"({"event_type":7,"nonsense":1,"payload":[],)").field, "body");
  EXPECT_EQ(refuse(R"([1,2)").field, "body");
  EXPECT_THAT(refuse(R"([1,2 x])").message, HasSubstr("a comma"));
}

TEST(Parse, AValueThatIsNoObjectIsRefusedByItsKind) {
  EXPECT_THAT(refuse("[]").message, HasSubstr("this is an array"));
  EXPECT_THAT(refuse("\"{}\"").message, HasSubstr("this is a string"));
  EXPECT_THAT(refuse("null").message, HasSubstr("this is null"));
  EXPECT_THAT(refuse(" -1").message, HasSubstr("this is a number"));
  EXPECT_THAT(refuse("true").message, HasSubstr("this is a boolean"));
}

struct FieldCase {
  std::string_view text, field, says;
};

TEST(Parse, AFaultOfAFieldNamesItAndSaysWhatToMend) {
  const std::vector<FieldCase> cases = {
      {R"({})", "event_type", "event_type is required."},
      {R"({"event_type":"a"})", "payload", "payload is required."},
      {R"({"payload":{}})", "event_type", "event_type is required."},
      {R"({"event_type":1,"payload":{}})", "event_type", "event_type must be a string, but is a number."},
      {R"({"event_type":null,"payload":{}})", "event_type", "but is null."},
      {R"({"event_type":"","payload":{}})", "event_type", "must not be empty"},
      {R"({"event_type":"\ud800","payload":{}})", "event_type", "half of a surrogate pair"},
      {R"({"event_type":"a","payload":"{}"})", "payload", "payload must be a JSON object, but is a string."},
      {R"({"event_type":"a","payload":[]})", "payload", "but is an array."},
      {R"({"event_type":"a","payload":null})", "payload", "but is null."},
      {R"({"event_type":"a","payload":{},"source":{}})", "source", "source must be a string, but is an object."},
      {R"({"event_type":"a","payload":{},"source":"\udc00"})", "source", "half of a surrogate pair"},
      {R"({"event_type":"a","payload":{},"metadata":[]})", "metadata",
       "metadata must be a JSON object, but is an array."},
      {R"({"event_type":"a","payload":{},"payload":{}})", "payload", "more than once"},
      {R"({"event_type":"a","payload":{},"source":null,"source":null})", "source", "more than once"},
      {R"({"event_type":"a","payload":{},"x":{}})", "x",
       "\"x\" is not a field of an event; put it into metadata or payload."},
      {R"({"":1})", "", "\"\" is not a field"},
      {R"({"Event_type":1})", "Event_type", "is not a field"},
  };
  for (const auto& [text, field, says] : cases) {
    const auto refusal = refuse(text);
    EXPECT_EQ(refusal.field, field) << text;
    EXPECT_THAT(refusal.message, HasSubstr(std::string(says))) << text;
    EXPECT_EQ(refusal.kind, ParseError::Kind::invalid);
  }
}

TEST(Parse, AnUnknownNameIsShownShortAndPrintable) {
  const auto refusal = refuse("{\"\\ud800\\n\xc3\xa9" + std::string(100'000, 'x') + "\":1}");
  EXPECT_EQ(refusal.field, "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9" + std::string(57, 'x') + "\xe2\x80\xa6");
  EXPECT_THAT(refusal.message, HasSubstr(refusal.field));
}

TEST(Parse, StringLimitsCountCodePoints) {
  const auto event = [](std::string_view type, std::string_view source) {
    return R"({"event_type":")" + std::string(type) + R"(","payload":{},"source":")" + std::string(source) + R"("})";
  };
  std::string longest;
  for (int i = 0; i != 255; ++i) longest += "\xf0\x9f\x98\x80";
  EXPECT_EQ(accept(event(longest, longest)).event_type, longest);
  EXPECT_THAT(refuse(event(longest + "x", "")).message, HasSubstr("has 256 characters; at most 255"));
  EXPECT_EQ(refuse(event("a", longest + "x")).field, "source");
  EXPECT_EQ(accept(event(std::string(254, 'x') + "\\ud83d\\ude00", "")).event_type,
            std::string(254, 'x') + "\xf0\x9f\x98\x80");
}

TEST(Parse, APayloadMayHaveItsLimitAndNotAByteMore) {
  const Limits limits;
  const std::size_t frame = std::string_view(R"({"v":""})").size();
  accept(with_payload('"' + std::string(limits.payload_bytes_max - frame, 'x') + '"'));
  const auto refusal = refuse(with_payload('"' + std::string(limits.payload_bytes_max - frame + 1, 'x') + '"'));
  EXPECT_EQ(refusal.kind, ParseError::Kind::too_large);
  EXPECT_EQ(refusal.field, "payload");
  EXPECT_EQ(refusal.limit_bytes, limits.payload_bytes_max);
  EXPECT_EQ(refusal.size_bytes, limits.payload_bytes_max + 1);
}

TEST(Parse, DepthIsLimitedInEveryField) {
  accept(with_payload(nested(98)));
  EXPECT_THAT(refuse(with_payload(nested(99))).message, HasSubstr("nested too deep (over 100 levels)."));
  accept(R"({"event_type":"a","payload":{},"metadata":{"v":)" + nested(98) + "}}");
  EXPECT_EQ(refuse(R"({"event_type":"a","payload":{},"metadata":{"v":)" + nested(99) + "}}").field, "body");
  EXPECT_EQ(refuse(R"({"event_type":)" + nested(100)).field, "body");
  EXPECT_THAT(refuse(std::string(500'000, '[')).message, HasSubstr("nested too deep"));
  std::string objects;
  for (int i = 0; i != 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refuse(objects).message, HasSubstr("nested too deep"));
  accept(with_payload(nested(998)), Limits{.depth_max = 1000});
}

}  // namespace
}  // namespace triggers::event
