#include "swarm/load/response_reader.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using State = ResponseReader::State;

/// Fed in pieces of `piece` bytes; the state after the last one that was needed.
State feed(ResponseReader& reader, std::string_view text, std::size_t piece) {
  State state = State::more;
  while (!text.empty() && state == State::more) {
    const std::string copy{text.substr(0, piece)};  // dies after the call: the reader must have kept what it needs
    state = reader.feed(copy);
    text.remove_prefix(std::min(piece, text.size()));
    if (state == State::whole) {
      // Views may look into the last piece, so they are compared before it goes.
      EXPECT_EQ(reader.body(), "hello world");
      EXPECT_EQ(reader.header("x-test"), "yes");
    }
  }
  return state;
}

constexpr std::string_view with_length = "HTTP/1.1 201 Created\r\nX-Test: yes\r\nContent-Length: 11\r\n\r\nhello world";
constexpr std::string_view chunked =
    "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\nX-Test: yes\r\n\r\n"
    "5\r\nhello\r\n6;note=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
constexpr std::string_view after_interim =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    "HTTP/1.1 201 Created\r\nX-Test: yes\r\nContent-Length: 11\r\n\r\nhello world";

TEST(ResponseReader, FindsTheEndHoweverTheBytesAreCut) {
  for (const auto text : {with_length, chunked, after_interim}) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      ResponseReader reader;
      ASSERT_EQ(feed(reader, text, piece), State::whole) << text << " in pieces of " << piece;
      ASSERT_EQ(reader.status(), 201U);
      ASSERT_TRUE(reader.keeps_alive());
    }
  }
}

TEST(ResponseReader, TakesTheNextAnswerAfterAReset) {
  ResponseReader reader;
  ASSERT_EQ(feed(reader, chunked, 7), State::whole);
  reader.reset();
  ASSERT_EQ(feed(reader, with_length, 7), State::whole);
}

TEST(ResponseReader, AnAnswerWithoutALengthEndsWithTheConnection) {
  ResponseReader reader;
  ASSERT_EQ(reader.feed("HTTP/1.1 200 OK\r\n\r\nhel"), State::more);
  ASSERT_EQ(reader.feed("lo"), State::more);
  ASSERT_EQ(reader.end(), State::whole);
  EXPECT_EQ(reader.body(), "hello");
  EXPECT_FALSE(reader.keeps_alive());
}

TEST(ResponseReader, NoContentHasNoBody) {
  ResponseReader reader;
  ASSERT_EQ(reader.feed("HTTP/1.1 204 No Content\r\n\r\n"), State::whole);
  EXPECT_TRUE(reader.body().empty());
}

TEST(ResponseReader, SaysWhetherTheConnectionCanBeUsedAgain) {
  const auto keeps = [](std::string_view text) {
    ResponseReader reader;
    EXPECT_EQ(reader.feed(text), State::whole) << text;
    return reader.keeps_alive();
  };
  EXPECT_FALSE(keeps("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 204 No Content\r\n\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 204 No Content\r\n\r\nmore than its answer"));
}

TEST(ResponseReader, RefusesWhatIsNotHttp) {
  for (const std::string_view text :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"}) {
    ResponseReader reader;
    EXPECT_EQ(reader.feed(text), State::broken) << text;
  }
}

TEST(ResponseReader, AnAnswerThatIsCutOffIsBroken) {
  for (const auto text : {with_length, chunked}) {
    for (std::size_t size = 1; size < text.size(); ++size) {
      ResponseReader reader;
      ASSERT_EQ(reader.feed(text.substr(0, size)), State::more);
      ASSERT_EQ(reader.end(), State::broken) << size << " bytes of " << text;
    }
  }
}

TEST(ResponseReader, AHeaderWithoutAnEndIsBroken) {
  ResponseReader reader;
  State state = State::more;
  for (int i = 0; i < 100 && state == State::more; ++i) state = reader.feed(std::string(1024, 'x'));
  EXPECT_EQ(state, State::broken);
}

}  // namespace
}  // namespace triggers::swarm
