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
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 1000 Odd\r\n\r\n",
        "HTTP/1.1 2000\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
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

TEST(ResponseReader, WhatDoesNotBeginLikeHttpIsNotWaitedFor) {
  ResponseReader reader;
  EXPECT_EQ(reader.feed("SSH-"), State::broken);
}

/// Feeds `piece` after `begin` until the reader has had enough, at most `bytes_max`; how much that was.
std::size_t fed_until_broken(ResponseReader& reader, const std::string& begin, const std::string& piece,
                             std::size_t bytes_max) {
  State state = reader.feed(begin);
  std::size_t fed = 0;
  while (state == State::more && fed < bytes_max) {
    state = reader.feed(piece);
    fed += piece.size();
  }
  EXPECT_EQ(state, State::broken) << begin;
  return fed;
}

TEST(ResponseReader, EndlessInterimAnswersAreBroken) {
  for (const std::string interim :
       {"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"}) {
    std::string many;
    for (unsigned i = 0; i <= ResponseReader::interim_responses_max; ++i) many += interim;
    ResponseReader at_once;
    EXPECT_EQ(at_once.feed(many), State::broken);
    ResponseReader one_by_one;
    EXPECT_LE(fed_until_broken(one_by_one, interim, interim, 1 << 20), many.size());
    EXPECT_LT(one_by_one.held_bytes(), 4096U);
  }
}

TEST(ResponseReader, AFewInterimAnswersArePassedOver) {
  std::string text;
  for (unsigned i = 0; i < ResponseReader::interim_responses_max; ++i) text += "HTTP/1.1 103 Early Hints\r\n\r\n";
  text += with_length;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{40}, text.size()}) {
    ResponseReader reader;
    EXPECT_EQ(feed(reader, text, piece), State::whole) << piece;
  }
}

const std::string chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(ResponseReader, EndlessTrailersAreBroken) {
  for (const std::string trailer : {"X-Trailer: some text that goes on\r\n", "x", "\n"}) {
    ResponseReader reader;
    EXPECT_LE(fed_until_broken(reader, chunked_head + "0\r\n", trailer, 1 << 20),
              ResponseReader::header_bytes_max + trailer.size());
  }
}

TEST(ResponseReader, AnEndlessChunkLineIsBroken) {
  ResponseReader reader;
  EXPECT_LE(fed_until_broken(reader, chunked_head + "5;", "extension", 1 << 20), 8192U);
}

TEST(ResponseReader, TheFramingOfChunksTakesNoMemory) {
  ResponseReader reader;
  ASSERT_EQ(reader.feed(chunked_head), State::more);
  std::string piece;
  for (int i = 0; i < 1000; ++i) piece += "1;an=extension\r\nx\r\n";
  for (int i = 0; i < 100; ++i) ASSERT_EQ(reader.feed(piece), State::more);
  EXPECT_LT(reader.held_bytes(), 500'000U) << "100 kB of body, 2 MB on the wire";
  ASSERT_EQ(reader.feed("0\r\n\r\n"), State::whole);
  EXPECT_EQ(reader.body(), std::string(100'000, 'x'));
}

TEST(ResponseReader, ABodyOverItsBoundIsBrokenHoweverItIsFramed) {
  const std::string piece(1 << 20, 'x');
  ResponseReader chunks, until_end;
  EXPECT_LE(fed_until_broken(chunks, chunked_head, "100000\r\n" + piece + "\r\n", std::size_t{100} << 20),
            ResponseReader::body_bytes_max + (2 << 20));
  EXPECT_LE(fed_until_broken(until_end, "HTTP/1.1 200 OK\r\n\r\n", piece, std::size_t{100} << 20),
            ResponseReader::body_bytes_max + (2 << 20));
}

TEST(ResponseReader, ALargeAnswersMemoryIsGivenBack) {
  ResponseReader reader;
  ASSERT_EQ(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n"), State::more);
  ASSERT_EQ(reader.feed(std::string(4'000'000, 'x')), State::whole);
  reader.reset();
  EXPECT_LT(reader.held_bytes(), 64U * 1024);
}

}  // namespace
}  // namespace triggers::swarm
