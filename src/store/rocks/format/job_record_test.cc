#include "store/rocks/format/job_record.h"

#include <gtest/gtest.h>

#include <array>

#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

Uuid7 id_of(unsigned char byte) {
  Uuid7 id;
  id.bytes.fill(byte);
  return id;
}

JobRecord running() {
  JobRecord record;
  record.job = {.id = id_of(1), .kind = Job::Kind::replay, .started_at = at(1'767'225'600'001)};
  record.job.done = 7;
  record.job.skipped_too_old = 3;
  record.next = id_of(2);
  record.end = id_of(0xff);
  record.event_type = "a \"quoted\"\ntype";
  return record;
}

TEST(JobRecord, IsReadAsItWasWritten) {
  JobRecord ended = running();
  ended.job.kind = Job::Kind::purge;
  ended.job.state = Job::State::failed;
  ended.job.ended_at = at(1'767'225'600'002);
  ended.event_type.reset();
  for (const JobRecord& record : {running(), ended}) {
    const auto decoded = decode_job(record.job.id, encode_job(record));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, record);
  }
}

TEST(JobRecord, RefusesWhatItDoesNotKnow) {
  const std::string bytes = encode_job(running());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = bytes;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  const std::array wrong = {
      std::string(),
      std::string("[]"),
      std::string("{}"),
      bytes.substr(0, bytes.size() / 2),
      with(R"("v":1)", R"("v":2)"),
      with(R"("v":1)", R"("v":1,"more":0)"),
      with("replay", "rewind"),
      with("running", "done"),
      with(R"("ended_at":null)", R"("ended_at":"2026-01-01T00:00:00.000Z")"),
      with("0202", "02"),
      with("0202", "02xy"),
      std::string(100'000, ' '),
  };
  for (const std::string& text : wrong) EXPECT_FALSE(decode_job(id_of(1), text)) << text;
}

TEST(JobKey, NamesInboxAndJob) {
  for (const std::string& place : {layout::inbox_place(0), layout::inbox_place(0x23'2323)}) {
    const std::string key = layout::job_key("acme", place, id_of(9));
    const auto parsed = layout::parse_job_key(key);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->inbox.tenant, "acme");
    EXPECT_EQ(parsed->inbox.inbox, place);
    EXPECT_EQ(parsed->job, id_of(9));
    EXPECT_FALSE(layout::parse_job_key(key + "x"));
    EXPECT_FALSE(layout::parse_job_key(key.substr(0, key.size() - 1)));
  }
  EXPECT_FALSE(layout::parse_job_key("job/"));
}

}  // namespace
}  // namespace triggers::store
