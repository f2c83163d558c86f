#include "http/wire/event_stream.h"

#include <gtest/gtest.h>

namespace triggers::http {
namespace {

using Texts = std::vector<std::string>;

/// The data of each message, however the stream is cut into pieces.
Texts data_of(EventStreamReader& reader, std::string_view stream, std::size_t piece_bytes) {
  std::vector<StreamMessage> messages;
  for (; !stream.empty(); stream.remove_prefix(std::min(piece_bytes, stream.size()))) {
    EXPECT_TRUE(reader.feed(stream.substr(0, piece_bytes), messages));
  }
  Texts data;
  for (const auto& message : messages) data.push_back(message.type + "|" + message.data);
  return data;
}

TEST(EventStream, MessagesAreReadHoweverTheStreamIsCut) {
  const std::string stream =
      "retry: 1000\nid: a\n\n: nothing\n\ndata: one\nid: b\n\nevent: counts\r\ndata:two\r\ndata\rdata:  "
      "three\r\n\r\nid: "
      "c\ndata: no end";
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    EventStreamReader reader(1000);
    EXPECT_EQ(data_of(reader, stream, piece), (Texts{"|one", "counts|two\n\n three"})) << piece;
    EXPECT_EQ(reader.last_id(), "b");
  }
}

TEST(EventStream, PlaceCountsOnceItsMessageHasEnded) {
  EventStreamReader reader(1000);
  EXPECT_EQ(data_of(reader, "id: a\n\n", 100), Texts{});
  EXPECT_EQ(reader.last_id(), "a");
  EXPECT_EQ(data_of(reader, "data: x\nid: b\n", 100), Texts{});
  EXPECT_EQ(reader.last_id(), "a");
  EXPECT_EQ(data_of(reader, "\n", 100), Texts{"|x"});
  EXPECT_EQ(reader.last_id(), "b");
}

TEST(EventStream, MessageOverTheLimitIsRefused) {
  std::vector<StreamMessage> messages;
  EventStreamReader line(100);
  EXPECT_FALSE(line.feed("data: " + std::string(100, 'x'), messages));
  EventStreamReader message(100);
  EXPECT_TRUE(message.feed("data: " + std::string(80, 'x') + '\n', messages));
  EXPECT_FALSE(message.feed("data: " + std::string(80, 'x') + '\n', messages));
}

}  // namespace
}  // namespace triggers::http
