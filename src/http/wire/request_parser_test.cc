#include "http/wire/request_parser.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "http/wire/test_feed.h"
#include "http/wire/test_gzip.h"

namespace triggers::http {
namespace {

using State = RequestParser::State;

/// Feeds `bytes` in pieces of `piece` bytes as a connection would; what was not used is offered again.
void feed_in_pieces(RequestParser& parser, const std::string& bytes, std::size_t piece,
                    std::size_t first_slice_bytes = RequestParser::slice_bytes_default) {
  std::string waiting;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    waiting += bytes.substr(at, piece);
    waiting.erase(0, feed_and_accept(parser, waiting, first_slice_bytes));
    if (parser.state() == State::complete || parser.state() == State::failed) return;
  }
}

std::string host() { return "Host: a\r\n"; }

std::string post(const std::string& fields, const std::string& body) {
  return "POST /events HTTP/1.1\r\n" + host() + fields + "\r\n" + body;
}

std::string hex(std::size_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%zx", number);
  return text;
}

std::string sized(const std::string& body) { return "Content-Length: " + std::to_string(body.size()) + "\r\n"; }

class RequestParserTest : public testing::Test {
 protected:
  void feed(const std::string& bytes) { feed_in_pieces(parser_, bytes, bytes.size()); }

  RequestLimits limits_{1024, 4096, {}};
  RequestParser parser_{limits_};
};

TEST_F(RequestParserTest, ReadsMethodTargetFieldsAndBody) {
  feed("POST /events?x=1 HTTP/1.1\r\nHost: a\r\nX-Trim: \t two words \t\r\nContent-Length: 3\r\n\r\nabcGET /");
  ASSERT_EQ(parser_.state(), State::complete);
  const Request& request = parser_.request();
  EXPECT_EQ(request.method, Method::post);
  EXPECT_EQ(request.path(), "/events");
  EXPECT_EQ(request.query(), "x=1");
  EXPECT_EQ(request.headers.find("x-trim"), "two words");
  EXPECT_EQ(request.body, "abc");
  EXPECT_TRUE(parser_.keep_alive());
}

TEST_F(RequestParserTest, LeavesTheNextRequestAlone) {
  const std::string first = post(sized("ab"), "ab");
  EXPECT_EQ(feed_and_accept(parser_, first + "GET / HTTP/1.1\r\n"), first.size());
}

TEST_F(RequestParserTest, NextRequestHoldsNothingOfTheOneBefore) {
  feed(post("X-One: 1\r\n" + sized("ab"), "ab"));
  parser_.reset();
  feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(parser_.state(), State::complete);
  EXPECT_EQ(parser_.request().body, "");
  EXPECT_EQ(parser_.request().headers.size(), 1U);
}

TEST_F(RequestParserTest, DropsTrailersAndChunkExtensions) {
  feed(post("Transfer-Encoding: Chunked\r\n", "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"));
  ASSERT_EQ(parser_.state(), State::complete) << parser_.error().detail;
  EXPECT_EQ(parser_.request().body, "abcde");
  EXPECT_FALSE(parser_.request().headers.find("X-Trailer"));
}

TEST_F(RequestParserTest, AbsoluteFormBecomesThePath) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"http://h/a?b", "/a?b"}, {"HTTP://h:1", "/"}, {"https://h?q", "/?q"}, {"/plain", "/plain"}, {"//two", "//two"}};
  for (const auto& [sent, seen] : cases) {
    parser_.reset();
    feed("GET " + sent + " HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(parser_.state(), State::complete) << sent;
    EXPECT_EQ(parser_.request().target, seen) << sent;
  }
}

TEST_F(RequestParserTest, BodyOfADeclaredLengthIsReadIntoItsFinalBuffer) {
  const std::string body(3000, 'x');
  feed(post(sized(body), body.substr(0, 1000)));
  while (parser_.state() == State::body) {
    const auto space = parser_.body_space();
    ASSERT_FALSE(space.empty());
    space.front() = 'x';
    parser_.body_written(1);
  }
  EXPECT_EQ(parser_.request().body, body);
}

TEST_F(RequestParserTest, DeclaredLengthReservesNothing) {
  limits_.body_bytes_max = 1'000'000'000;
  feed(post("Content-Length: 999999999\r\n", ""));
  EXPECT_LE(parser_.body_space().size(), 64U * 1024);
  EXPECT_LE(parser_.request().body.capacity(), 64U * 1024);
}

TEST_F(RequestParserTest, LargeBodyIsGivenBack) {
  limits_.body_bytes_max = 1'000'000;
  feed(post(sized(std::string(500'000, 'x')), std::string(500'000, 'x')));
  ASSERT_EQ(parser_.state(), State::complete);
  parser_.reset();
  EXPECT_LE(parser_.request().body.capacity(), 64U * 1024);
}

TEST_F(RequestParserTest, LimitMayDependOnTheTarget) {
  limits_.body_bytes_max_for = [](Method, std::string_view target) -> std::size_t { return target == "/big" ? 10 : 2; };
  feed(post(sized("abc"), "abc"));
  ASSERT_EQ(parser_.state(), State::failed);
  EXPECT_EQ(parser_.error().limit_bytes, 2U);
  EXPECT_EQ(parser_.error().size_bytes, 3U);
  parser_.reset();
  feed("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(parser_.state(), State::complete);
}

TEST_F(RequestParserTest, RefusalKnowsWhatWasParsed) {
  feed(post("X-Request-ID: 7\r\nContent-Length: 5000\r\n", ""));
  ASSERT_EQ(parser_.state(), State::failed);
  EXPECT_EQ(parser_.request().target, "/events");
  EXPECT_EQ(parser_.request().headers.find("X-Request-ID"), "7");
}

TEST_F(RequestParserTest, BombIsRefusedWithoutHoldingMoreThanTheLimit) {
  const std::string bomb = gzipped(std::string(4'000'000, 'x')).substr(0, 3900);
  feed(post("Content-Encoding: gzip\r\n" + sized(bomb), bomb));
  ASSERT_EQ(parser_.state(), State::failed);
  EXPECT_EQ(parser_.error().problem, ProtocolProblem::body_too_large);
  EXPECT_LE(parser_.request().body.capacity(), 2 * limits_.body_bytes_max);
}

TEST_F(RequestParserTest, DecodesASliceAtATime) {
  limits_.body_bytes_max = 4'000'000;
  const std::string body(4'000'000, ' ');
  const std::string bytes = gzipped(body);
  for (const std::string& request : {post("Content-Encoding: gzip\r\n" + sized(bytes), bytes),
                                     post("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                                          hex(bytes.size()) + "\r\n" + bytes + "\r\n0\r\n\r\n")}) {
    parser_.reset();
    std::size_t used = parser_.feed(request);
    ASSERT_EQ(parser_.state(), State::head);
    parser_.accept_body(true);
    std::size_t slices = 0;
    for (std::size_t before = 0; parser_.state() == State::body; ++slices) {
      used += parser_.feed(std::string_view(request).substr(used));
      EXPECT_LE(parser_.decoded_bytes() - before, RequestParser::slice_bytes_default);
      before = parser_.decoded_bytes();
    }
    ASSERT_EQ(parser_.state(), State::complete) << parser_.error().detail;
    EXPECT_EQ(used, request.size());
    EXPECT_EQ(parser_.request().body, body);
    EXPECT_GE(slices, 50U);
  }
}

TEST_F(RequestParserTest, KeepAliveIsWhatTheVersionAndTheFieldSay) {
  const std::vector<std::pair<std::string, bool>> cases = {{"HTTP/1.1\r\nHost: a\r\n", true},
                                                           {"HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n", false},
                                                           {"HTTP/1.0\r\n", false},
                                                           {"HTTP/1.0\r\nConnection: Keep-Alive\r\n", true}};
  for (const auto& [rest, stays] : cases) {
    parser_.reset();
    feed("GET / " + rest + "\r\n");
    ASSERT_EQ(parser_.state(), State::complete) << rest;
    EXPECT_EQ(parser_.keep_alive(), stays) << rest;
  }
}

// What a table row expects: a body, a problem, or that more is wanted.
struct Case {
  std::string name;
  std::string bytes;
  std::optional<ProtocolProblem> problem;
  std::string body = {};
};

std::vector<Case> cases() {
  using enum ProtocolProblem;
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string gzip = "Content-Encoding: gzip\r\n";
  const std::string zipped = gzipped("hello");
  std::string wrong_sum = zipped;
  wrong_sum[wrong_sum.size() - 6] = static_cast<char>(wrong_sum[wrong_sum.size() - 6] ^ 1);
  return {
      {"plain", get + host() + "\r\n", {}},
      {"leading empty lines", "\r\n\r\n" + get + host() + "\r\n", {}},
      {"empty body declared", post("Content-Length: 0\r\n", ""), {}},
      {"equal lengths twice", post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), {}, "ab"},
      {"asterisk", "OPTIONS * HTTP/1.1\r\n" + host() + "\r\n", {}},
      {"HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n", {}},
      {"own method", "PURGE / HTTP/1.1\r\n" + host() + "\r\n", {}},
      {"chunks", post(chunked, "1\r\na\r\n00a\r\n0123456789\r\n0\r\n\r\n"), {}, "a0123456789"},
      {"no chunks", post(chunked, "0\r\n\r\n"), {}},
      {"expect continue", post("Expect: 100-Continue\r\n" + sized("ab"), "ab"), {}, "ab"},
      {"gzip", post(gzip + sized(zipped), zipped), {}, "hello"},
      {"x-gzip", post("Content-Encoding: X-Gzip\r\n" + sized(zipped), zipped), {}, "hello"},
      {"identity", post("Content-Encoding: identity\r\n" + sized("ab"), "ab"), {}, "ab"},
      {"two members", post(gzip + sized(zipped + zipped), zipped + zipped), {}, "hellohello"},
      {"body of the limit", post(sized(std::string(4096, 'x')), std::string(4096, 'x')), {}, std::string(4096, 'x')},

      {"binary", "\x16\x03\x01 garbage", malformed},
      {"leading space", " GET / HTTP/1.1\r\n\r\n", malformed},
      {"no version", "GET /\r\n\r\n", malformed},
      {"two spaces", "GET  / HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"blank in the query", "GET /inbox?event_type=a b HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"blank in the query and a version", "GET /inbox?event_type=a b HTTP/2.0\r\n" + host() + "\r\n", malformed},
      {"lower-case protocol", "GET / http/1.1\r\n" + host() + "\r\n", malformed},
      {"space behind the version", "GET / HTTP/1.1 \r\n" + host() + "\r\n", malformed},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version_not_supported},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n" + host() + "\r\n", version_not_supported},
      {"HTTP/0.9 spelt out", "GET / HTTP/0.9\r\n\r\n", version_not_supported},
      {"relative target", "GET events HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"other scheme", "GET ftp://h/ HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"absolute without a host", "GET http:///x HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"authority form", "CONNECT h:443 HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"asterisk with GET", "GET * HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"control in the target", "GET /\x01 HTTP/1.1\r\n" + host() + "\r\n", malformed},
      {"no host", get + "\r\n", malformed},
      {"two hosts", get + host() + host() + "\r\n", malformed},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", malformed},
      {"bare carriage return in a value", get + host() + "X: a\rb\r\n\r\n", malformed},
      {"NUL in a value", get + host() + std::string("X: a\0b\r\n\r\n", 10), malformed},
      {"NUL in a name", get + host() + std::string("X\0: a\r\n\r\n", 9), malformed},
      {"space before the colon", get + host() + "X : a\r\n\r\n", malformed},
      {"no colon", get + host() + "X\r\n\r\n", malformed},
      {"empty name", get + host() + ": a\r\n\r\n", malformed},
      {"folded value", get + host() + "X: a\r\n b\r\n\r\n", malformed},
      {"fold before the value", get + host() + "X:\r\n b\r\n\r\n", malformed},
      {"fold of nothing", get + host() + "X: a\r\n \r\n\r\n", malformed},
      {"fold of a length", post("Content-Length:\r\n 2\r\n", "ab"), malformed},
      {"field before any", get + " X: a\r\n" + host() + "\r\n", malformed},
      {"differing lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "abc"), malformed},
      {"differing lengths in a list", post("Content-Length: 2, 3\r\n", "abc"), malformed},
      {"signed length", post("Content-Length: +2\r\n", "ab"), malformed},
      {"negative length", post("Content-Length: -2\r\n", "ab"), malformed},
      {"hex length", post("Content-Length: 0x2\r\n", "ab"), malformed},
      {"empty length", post("Content-Length: \r\n", ""), malformed},
      {"overflowing length", post("Content-Length: 99999999999999999999\r\n", ""), malformed},
      {"length and chunked", post("Content-Length: 5\r\n" + chunked, "0\r\n\r\n"), malformed},
      {"chunked and length", post(chunked + "Content-Length: 5\r\n", "0\r\n\r\n"), malformed},
      {"length and another coding", post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "01234"), malformed},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n", malformed},
      {"other coding", post("Transfer-Encoding: gzip\r\n", ""), not_implemented},
      {"coding before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), not_implemented},
      {"chunked twice", post(chunked + chunked, "0\r\n\r\n"), malformed},
      {"nearly chunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), not_implemented},
      {"chunk size overflows", post(chunked, "fffffffffffffffff\r\n"), malformed},
      {"chunk size is not hex", post(chunked, "g\r\n\r\n"), malformed},
      {"chunk size is negative", post(chunked, "-1\r\n\r\n"), malformed},
      {"chunk size is missing", post(chunked, "\r\n\r\n\r\n"), malformed},
      {"chunk ends late", post(chunked, "1\r\nabc\r\n0\r\n\r\n"), malformed},
      {"chunk line is bare", post(chunked, "1\ra\r\n"), malformed},
      {"line feed in a chunk's extension", post(chunked, "1;a=\"\n\"\r\na\r\n0\r\n\r\n"), malformed},
      {"line feed in the last chunk's extension", post(chunked, "1\r\na\r\n0;a=\"\n\"\r\n\r\n"), malformed},
      {"NUL in a chunk's extension", post(chunked, std::string("1;a=\"\0\"\r\na\r\n0\r\n\r\n", 17)), malformed},
      {"chunk header without an end", post(chunked, "1;" + std::string(2000, 'x')), header_too_large},
      {"trailers without an end", post(chunked, "0\r\nX: " + std::string(2000, 'x')), header_too_large},
      {"bad trailer", post(chunked, "0\r\nX y: 1\r\n\r\n"), malformed},
      {"one chunk too large", post(chunked, "1001\r\n"), body_too_large},
      {"chunks too large together",
       post(chunked, "800\r\n" + std::string(2048, 'x') + "\r\n801\r\n" + std::string(2049, 'x') + "\r\n"),
       body_too_large},
      {"huge chunk", post(chunked, "ffffffffffffffff\r\n"), body_too_large},
      {"length too large by one", post("Content-Length: 4097\r\n", ""), body_too_large},
      {"length of the largest number", post("Content-Length: 18446744073709551615\r\n", ""), body_too_large},
      {"header too large", get + host() + "X: " + std::string(64 * 1024, 'x') + "\r\n\r\n", header_too_large},
      {"target too large", "GET /" + std::string(64 * 1024, 'x') + " HTTP/1.1\r\n\r\n", header_too_large},
      {"other expectation", post("Expect: 200-ok\r\n" + sized("ab"), "ab"), unsupported_expectation},
      {"deflate", post("Content-Encoding: deflate\r\n" + sized("ab"), "ab"), unsupported_encoding},
      {"gzip twice in a list", post("Content-Encoding: gzip, gzip\r\n" + sized("ab"), "ab"), unsupported_encoding},
      {"gzip twice", post(gzip + gzip + sized("ab"), "ab"), unsupported_encoding},
      {"gzip that is not", post(gzip + sized("hello"), "hello"), bad_encoding},
      {"gzip cut short", post(gzip + sized(zipped.substr(0, 15)), zipped.substr(0, 15)), bad_encoding},
      {"gzip without its last byte", post(gzip + sized(zipped.substr(1)), zipped.substr(0, zipped.size() - 1)),
       bad_encoding},
      {"gzip with a wrong sum", post(gzip + sized(wrong_sum), wrong_sum), bad_encoding},
      {"gzip and more", post(gzip + sized(zipped + "!"), zipped + "!"), bad_encoding},
      {"gzip bomb", post(gzip + sized(gzipped(std::string(5000, 'x'))), gzipped(std::string(5000, 'x'))),
       body_too_large},
      {"gzip in chunks, cut short", post(gzip + chunked, "a\r\n" + zipped.substr(0, 10) + "\r\n0\r\n\r\n"),
       bad_encoding},
  };
}

class EveryCut : public testing::TestWithParam<std::size_t> {};

/// Also if one thread begins to decode, or decodes nothing, and another one continues.
TEST_P(EveryCut, GivesTheSameResult) {
  const RequestLimits limits{1024, 4096, {}};
  for (const std::size_t first_slice_bytes : {std::size_t{0}, std::size_t{3}, RequestParser::slice_bytes_default})
    for (const Case& one : cases()) {
      RequestParser parser(limits);
      feed_in_pieces(parser, one.bytes, GetParam(), first_slice_bytes);
      if (one.problem) {
        ASSERT_EQ(parser.state(), State::failed) << one.name;
        EXPECT_EQ(parser.error().problem, *one.problem) << one.name << ": " << parser.error().detail;
        EXPECT_FALSE(parser.keep_alive()) << one.name;
      } else {
        ASSERT_EQ(parser.state(), State::complete) << one.name << ": " << parser.error().detail;
        EXPECT_EQ(parser.request().body, one.body) << one.name;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Pieces, EveryCut, testing::Values(1, 2, 3, 7, 100, 1024, 1'000'000));

}  // namespace
}  // namespace triggers::http
