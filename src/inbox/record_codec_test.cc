#include "inbox/record_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "event/test_random_json.h"
#include "inbox/bounds.h"
#include "inbox/test_inbox.h"

namespace triggers::inbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using enum EntryState;

const LeaseId l = test_lease(1);
constexpr UnixMillis start = test_time;
constexpr UnixMillis last_time{milliseconds((std::int64_t{1} << 48) - 1)};

std::string longest_error() {
  std::string error;
  for (std::size_t i = 0; i != error_chars_max; ++i) error += "\U0001F600";
  return error;
}

std::vector<Record> records() {
  const std::optional<Acknowledgement> none, bare(Acknowledgement{start, {}}), by_lease(Acknowledgement{last_time, l});
  const std::vector<std::optional<Entry>> entries{
      std::nullopt,
      Entry{},
      Entry{available, 3, start, {}, {}, Failure{"no", start}},
      Entry{leased, 1, start, start + seconds(30), l, {}},
      Entry{leased, 0xffff'ffff, last_time, last_time + seconds(43'200), l, Failure{longest_error(), last_time}},
      Entry{delayed, 2, start, start + milliseconds(1), {}, Failure{"", start}},
      Entry{dead, 10, start, {}, {}, Failure{"Gr\u00fc\u00dfe", start}}};
  std::vector<Record> all;
  for (const auto& entry : entries) {
    for (const auto& trace : {none, bare, by_lease}) {
      if (Record record{entry, trace}; !record.empty()) all.push_back(record);
    }
  }
  return all;
}

TEST(RecordCodec, WhatIsWrittenIsRead) {
  for (const Record& record : records()) {
    const std::string bytes = encode_record(record);
    const auto read = decode_record(bytes);
    ASSERT_TRUE(read.ok()) << to_hex(bytes);
    EXPECT_EQ(*read, record);
    EXPECT_LE(bytes.size(), record_bytes_max);
    const std::size_t error = record.entry && record.entry->last_failure ? record.entry->last_failure->error.size() : 0;
    EXPECT_LE(bytes.size() - error, 74U);
  }
}

TEST(RecordCodec, TheBytesAreThoseOfVersionOne) {
  const auto bytes = [](const Record& record) { return to_hex(encode_record(record)); };
  EXPECT_EQ(bytes(Record::fresh()), "01010000");
  // 1'800'000'000'000 ms: 80 a0 f1 c2 b1 34.
  EXPECT_EQ(bytes({Entry{leased, 1, start, start + seconds(30), l, {}}, {}}),
            "01020180a0f1c2b134b0ea01" + to_hex(l.value.view()));
  EXPECT_EQ(bytes({Entry{dead, 300, start, {}, {}, Failure{"no", start}}, {}}),
            "010cac0280a0f1c2b13480a0f1c2b134026e6f");
  EXPECT_EQ(bytes({{}, Acknowledgement{start, {}}}), "011080a0f1c2b134");
  EXPECT_EQ(bytes({{}, Acknowledgement{start, l}}), "013080a0f1c2b134" + to_hex(l.value.view()));
}

TEST(RecordCodec, ACutOrLongerRecordIsRefused) {
  for (const Record& record : records()) {
    const std::string bytes = encode_record(record);
    for (std::size_t size = 0; size != bytes.size(); ++size) {
      EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, size)).ok()) << to_hex(bytes) << " cut to " << size;
    }
    EXPECT_FALSE(decode_record(bytes + '\0').ok());
  }
}

TEST(RecordCodec, BadBytesAreRefused) {
  struct Case {
    const char* why;
    std::string hex;
  };
  const std::string time = "80a0f1c2b134", id = to_hex(l.value.view());
  const Case cases[] = {
      {"no bytes", ""},
      {"version 0", "00010000"},
      {"a later version", "02010000"},
      {"an unknown flag", "01410000"},
      {"an unknown flag", "01810000"},
      {"no entry, no acknowledgement", "0100"},
      {"an unknown state", "01050100"},
      {"an error without an entry", "0108" + time + "00"},
      {"an acknowledging lease without acknowledgement", "01210000"},
      {"leased without an attempt", "010200" + time + "01" + id},
      {"delayed without an attempt", "010300" + time + "01"},
      {"dead without an attempt", "010400" + time},
      {"more than 32 bits of attempts", "0101808080801000"},
      {"attempts in a longer form than needed", "0101810000"},
      {"a time in a longer form than needed", "0101008000"},
      {"a time after 2^48 ms", "01010080808080808040"},
      {"a number without an end", "010100ffffffffffffffffffff"},
      {"a lease of no time", "010201" + time + "00" + id},
      {"a lease over 43,200 s", "010201" + time + "81dccc14" + id},
      {"half a lease id", "010201" + time + "01" + id.substr(16)},
      {"an error that is longer than its bytes", "010901" + time + time + "036e6f"},
      {"an error that is not UTF-8", "010901" + time + time + "02c328"},
      {"an error of 1,001 characters", "010901" + time + time + "e907" + to_hex(std::string(1'001, 'a'))},
  };
  for (const Case& bad : cases) {
    const auto bytes = from_hex(bad.hex);
    ASSERT_TRUE(bytes) << bad.why;
    const auto read = decode_record(*bytes);
    ASSERT_FALSE(read.ok()) << bad.why;
    EXPECT_EQ(read.error().code, ErrorCode::internal);
    EXPECT_NE(read.error().message.find("record of an inbox"), std::string::npos);
  }
  // What they differ from is right.
  EXPECT_TRUE(decode_record(*from_hex("010201" + time + "80dccc14" + id)).ok()) << "a lease of 43,200 s";
  EXPECT_TRUE(decode_record(*from_hex("010901" + time + time + "e807" + to_hex(std::string(1'000, 'a')))).ok());
  EXPECT_TRUE(decode_record(*from_hex("0101ffffffff0f00")).ok()) << "32 bits of attempts";
  EXPECT_TRUE(decode_record(*from_hex("010100ffffffffffff3f")).ok()) << "48 bits of time";
}

/// So that no two texts mean one record, and what is read is never written as something else.
TEST(RecordCodec, DamagedBytesAreRefusedOrAreAnotherRecord) {
  std::mt19937_64 random(event::test_seed());
  int refused = 0, read = 0;
  for (int round = 0; round != 2'000; ++round) {
    for (const Record& record : records()) {
      std::string bytes = encode_record(record);
      bytes.resize(std::min<std::size_t>(bytes.size(), 200));
      const std::size_t at = random() % std::min<std::size_t>(bytes.size(), 24);
      bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 << random() % 8));
      const auto decoded = decode_record(bytes);
      ++(decoded.ok() ? read : refused);
      if (decoded.ok()) {
        ASSERT_EQ(encode_record(*decoded), bytes) << to_hex(bytes);
      }
    }
  }
  EXPECT_GT(refused, 1'000);
  EXPECT_GT(read, 1'000);
}

}  // namespace
}  // namespace triggers::inbox
