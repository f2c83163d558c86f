#include "http/wire/response_parser.h"

#include <gtest/gtest.h>

namespace triggers::http {
namespace {

using State = ResponseParser::State;

struct Parsed {
  State state = State::more;
  std::string body;
  bool reusable = false;
  bool operator==(const Parsed&) const = default;
};

/// The result of parsing `text` in pieces of `step` bytes, followed by the end of the connection if `ends`.
Parsed parse(std::string_view text, std::size_t step, bool ends = false, bool bodiless = false) {
  ResponseParser parser(bodiless, 1'000);
  Parsed parsed;
  while (!text.empty() && parsed.state == State::more) {
    parsed.state = parser.feed(text.substr(0, step));
    text.remove_prefix(std::min(step, text.size()));
  }
  if (parsed.state == State::more && ends) parsed.state = parser.end();
  parsed.reusable = parsed.state == State::whole && parser.reusable();
  if (parsed.state == State::whole) parsed.body = parser.take().body;
  return parsed;
}

TEST(ResponseParser, TakesEveryFramingInPiecesOfAnySize) {
  const std::pair<const char*, Parsed> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", {State::whole, "hello", true}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {State::whole, "", true}},
      {"HTTP/1.1 204\r\n\r\n", {State::whole, "", true}},
      {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\nok", {State::whole, "ok", false}},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", {State::whole, "ok", false}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n",
       {State::whole, "abcde", true}},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", {State::whole, "x", true}},
  };
  for (const auto& [text, expected] : cases) {
    for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 4'096UL}) EXPECT_EQ(parse(text, step), expected) << text << step;
  }
}

TEST(ResponseParser, WithoutALengthTheEndIsTheEnd) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\nabc", 1).state, State::more);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\nabc", 1, true), (Parsed{State::whole, "abc", false}));
}

TEST(ResponseParser, CutAnswersAreBroken) {
  const std::string whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse(whole.substr(0, size), 5, true).state, State::broken) << size;
  }
}

TEST(ResponseParser, WhatIsNotAnAnswerOrTooLargeIsBroken) {
  for (const char* text : {"hello", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
    for (const std::size_t step : {1UL, 4'096UL}) EXPECT_EQ(parse(text, step).state, State::broken) << text;
  }
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\n" + std::string(1'001, 'x'), 100).state, State::broken);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), 1'000).state, State::broken);
}

TEST(ResponseParser, InterimAnswersArePassedOverUpToABound) {
  std::string interim;
  for (unsigned i = 0; i < interim_answers_max; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  for (const std::size_t step : {1UL, 4'096UL}) {
    EXPECT_EQ(parse(interim + answer, step).state, State::whole);
    EXPECT_EQ(parse(interim + "HTTP/1.1 100 Continue\r\n\r\n" + answer, step).state, State::broken);
  }
}

TEST(ResponseParser, BytesBehindTheAnswerForbidAnotherRequest) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP", 4'096), (Parsed{State::whole, "x", false}));
}

TEST(ResponseParser, AnswerToHeadHasNoBody) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 9, false, true), (Parsed{State::whole, "", true}));
}

}  // namespace
}  // namespace triggers::http
