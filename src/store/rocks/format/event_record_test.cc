#include "store/rocks/format/event_record.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace triggers::store {
namespace {

std::string encode(const IncomingEvent& event) {
  std::string bytes;
  append_record_head(bytes, event);
  bytes.append(event.payload);
  bytes.append(event.metadata);
  return bytes;
}

void expect_round_trip(const IncomingEvent& event) {
  const std::string bytes = encode(event);
  const auto record = decode_record(bytes);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->event_type, event.event_type);
  EXPECT_EQ(record->source, event.source);
  EXPECT_EQ(record->payload, event.payload);
  EXPECT_EQ(record->metadata, event.metadata);
}

TEST(EventRecordTest, ComesBackWithAndWithoutItsOptionalParts) {
  for (const std::string_view metadata : {"", R"({"trace":"1"})"}) {
    for (const std::optional<std::string_view> source : {std::optional<std::string_view>{}, {""}, {"shop"}}) {
      IncomingEvent event;
      event.event_type = "order.created";
      event.payload = R"({"a":1})";
      event.source = source;
      event.metadata = metadata;
      expect_round_trip(event);
    }
  }
}

TEST(EventRecordTest, ComesBackAtEveryLengthWhereAVarintGrows) {
  for (const std::size_t size : {0U, 1U, 126U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    const std::string text(size, 'x');
    IncomingEvent event;
    event.event_type = text;
    event.payload = text;
    event.source = text;
    event.metadata = text;
    expect_round_trip(event);
  }
}

TEST(EventRecordTest, ACutBeforeTheMetadataIsRefused) {
  IncomingEvent event;
  event.event_type = "order.created";
  event.payload = R"({"a":1})";
  event.source = "shop";
  const std::string bytes = encode(event);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_record(bytes.substr(0, size))) << size;
}

TEST(EventRecordTest, AnotherVersionIsRefused) {
  IncomingEvent event;
  event.event_type = "t";
  event.payload = "{}";
  std::string bytes = encode(event);
  bytes[0] = 2;
  EXPECT_FALSE(decode_record(bytes));
}

TEST(EventRecordTest, ALengthBeyondTheRecordIsRefused) {
  const std::string huge = "\xff\xff\xff\xff\x7f";
  EXPECT_FALSE(decode_record("\x01" + huge + "type"));
  EXPECT_FALSE(decode_record(std::string("\x01\x01t", 3) + huge + "source"));
  EXPECT_FALSE(decode_record(std::string("\x01\x01t\x00", 4) + huge + "{}"));
  EXPECT_FALSE(decode_record("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01t"));
}

TEST(EventRecordTest, RandomBytesNeverCrashIt) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(1 + random() % 32, '\x01');
    for (std::size_t i = 1; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(random() % 4 == 0 ? random() : random() % 8);
    if (const auto record = decode_record(bytes)) {
      EXPECT_LE(record->payload.size(), bytes.size());
    }
  }
}

}  // namespace
}  // namespace triggers::store
