#include "inbox/transitions.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "inbox/test_inbox.h"

namespace triggers::inbox {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

const LeaseId l = test_lease(1), m = test_lease(2), n = test_lease(3);
constexpr UnixMillis start = test_time, end = start + seconds(30);
const Rules three{.max_attempts = 3};

std::string shown(const std::optional<Record>& record) {
  if (!record) return "";
  if (!record->entry) return record->acknowledgement ? " trace" : " gone";
  static constexpr std::array names{" available ", " leased ", " delayed ", " dead "};
  return names[static_cast<std::size_t>(record->entry->state)] + std::to_string(record->entry->attempts);
}

std::string shown(const Transition& transition) {
  return std::string(status_name(transition.status)) + shown(transition.changed);
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text.substr(1); }

struct Situation {
  const char* name;
  Record record;
  UnixMillis now;
  // What each operation makes of it. "-": it is refused or does nothing.
  const char *leased, *acknowledged, *acknowledged_by_l, *released, *delayed, *extended, *requeued, *discarded, *purged,
      *replayed;
};

Record in(EntryState state, std::uint32_t attempts, const LeaseId& lease = {}) {
  const bool ends = state == EntryState::leased || state == EntryState::delayed;
  return {.entry = Entry{state, attempts, start, ends ? end : UnixMillis{}, lease, {}}, .acknowledgement = {}};
}

Record left(const std::optional<LeaseId>& by) { return {.entry = {}, .acknowledgement = Acknowledgement{start, by}}; }

constexpr const char* lost = "lease_lost";
constexpr const char* none = "not_found";
constexpr const char* again = "already_acknowledged";
constexpr const char* gone = "acknowledged trace";
constexpr const char* requeued = "requeued available 0";
constexpr const char* discarded = "discarded gone";
constexpr const char* anew = "available 0";
constexpr auto just_before = end - milliseconds(1);
using enum EntryState;

// clang-format off
const Situation table[] = {
  //                                                        lease       ack    ack by L  release 0               release 60            extend              requeue   discard    purge   replay
  {"never there",           {},                 start,       "-",        none,  none,  none,                   none,                 none,               none,     none,      "-",    anew},
  {"acknowledged by L",     left(l),            start,       "-",        again, again, lost,                   lost,                 lost,               none,     none,      "-",    anew},
  {"acknowledged by M",     left(m),            start,       "-",        again, lost,  lost,                   lost,                 lost,               none,     none,      "-",    anew},
  {"acknowledged, no lease", left({}),          start,       "-",        again, lost,  lost,                   lost,                 lost,               none,     none,      "-",    anew},
  {"fresh",                 Record::fresh(),    start,       "leased 1", gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"came back",             in(available, 2),   start,       "leased 3", gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"limit was lowered",     in(available, 3),   start,       "-",        gone,  lost,  lost,                   lost,                 lost,               requeued, discarded, "-",    "-"},
  {"leased by L",           in(leased, 2, l),   start,       "-",        gone,  gone,  "released available 2", "released delayed 2", "extended leased 2", none,    none,      "gone", "-"},
  {"until the last moment", in(leased, 2, l),   just_before, "-",        gone,  gone,  "released available 2", "released delayed 2", "extended leased 2", none,    none,      "gone", "-"},
  {"for the last time",     in(leased, 3, l),   just_before, "-",        gone,  gone,  "released dead 3",      "released dead 3",    "extended leased 3", none,    none,      "gone", "-"},
  {"its lease ended",       in(leased, 2, l),   end,         "leased 3", gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"its last lease ended",  in(leased, 3, l),   end,         "-",        gone,  lost,  lost,                   lost,                 lost,               requeued, discarded, "-",    "-"},
  {"leased by M",           in(leased, 2, m),   just_before, "-",        gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"delayed",               in(delayed, 2),     just_before, "-",        gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"its delay ended",       in(delayed, 2),     end,         "leased 3", gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"delay, limit lowered",  in(delayed, 3),     just_before, "-",        gone,  lost,  lost,                   lost,                 lost,               none,     none,      "gone", "-"},
  {"delay ended, lowered",  in(delayed, 3),     end,         "-",        gone,  lost,  lost,                   lost,                 lost,               requeued, discarded, "-",    "-"},
  {"dead",                  in(dead, 3),        start,       "-",        gone,  lost,  lost,                   lost,                 lost,               requeued, discarded, "-",    "-"},
  {"dead, limit raised",    in(dead, 1),        start,       "-",        gone,  lost,  lost,                   lost,                 lost,               requeued, discarded, "-",    "-"},
};
// clang-format on

TEST(Transitions, EachOperationOnEachStateIsThatOfTheTable) {
  for (const Situation& s : table) {
    SCOPED_TRACE(s.name);
    std::optional<Record> taken;
    if (s.record.entry) {
      if (auto entry = lease(*s.record.entry, n, seconds(60), three, s.now)) taken = Record{.entry = std::move(entry)};
    }
    EXPECT_EQ(or_dash(shown(taken)), s.leased);
    EXPECT_EQ(shown(acknowledge(s.record, std::nullopt, s.now)), s.acknowledged);
    EXPECT_EQ(shown(acknowledge(s.record, l, s.now)), s.acknowledged_by_l);
    EXPECT_EQ(shown(release(s.record, l, seconds(0), {}, three, s.now)), s.released);
    EXPECT_EQ(shown(release(s.record, l, seconds(60), {}, three, s.now)), s.delayed);
    EXPECT_EQ(shown(extend(s.record, l, seconds(60), s.now)), s.extended);
    EXPECT_EQ(shown(requeue(s.record, three, s.now)), s.requeued);
    EXPECT_EQ(shown(discard(s.record, three, s.now)), s.discarded);
    EXPECT_EQ(or_dash(shown(purge(s.record, three, s.now))), s.purged);
    EXPECT_EQ(or_dash(shown(replay(s.record, s.now))), s.replayed);
  }
}

TEST(Transitions, TheTableHasEachState) {
  std::array<int, 5> rows{};
  for (const Situation& s : table) ++rows[s.record.entry ? 1 + static_cast<std::size_t>(s.record.entry->state) : 0];
  for (const int count : rows) EXPECT_GT(count, 0);
}

TEST(Transitions, ALeaseHasItsHolderItsEndAndOneMoreAttempt) {
  const Entry entry{.attempts = 1, .last_failure = Failure{"no", start}};
  EXPECT_EQ(lease(entry, l, seconds(30), three, start), (Entry{leased, 2, start, end, l, Failure{"no", start}}));
}

TEST(Transitions, AttemptsDoNotWrapAround) {
  const auto entry = lease(Entry{.attempts = 0xffff'ffff}, l, seconds(1), Rules{.max_attempts = {}}, start);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->attempts, 0xffff'ffff);
}

TEST(Transitions, WithoutALimitNothingDies) {
  const Rules no_limit{.max_attempts = {}};
  EXPECT_EQ(settle(*in(leased, 1'000'000, l).entry, {}, end).state, available);
  EXPECT_EQ(shown(release(in(leased, 1'000'000, l), l, seconds(0), {}, no_limit, start)), "released available 1000000");
}

TEST(Transitions, WhatEndedHasThatTimeHoweverLateItIsSeen) {
  for (const auto late : {end, end + days(9)}) {
    EXPECT_EQ(settle(*in(leased, 2, l).entry, 3, late), (Entry{available, 2, end, {}, {}, {}}));
    EXPECT_EQ(settle(*in(delayed, 2).entry, 3, late), (Entry{available, 2, end, {}, {}, {}}));
    EXPECT_EQ(settle(*in(leased, 3, l).entry, 3, late), (Entry{dead, 3, late, {}, {}, {}})) << "dead since it was seen";
  }
  EXPECT_EQ(settle(*in(leased, 3, l).entry, 3, just_before), *in(leased, 3, l).entry);
}

TEST(Transitions, ALoweredLimitMakesDeadFromNowOn) {
  EXPECT_EQ(settle(*in(available, 3).entry, 3, start + days(40)), (Entry{dead, 3, start + days(40), {}, {}, {}}));
  EXPECT_EQ(settle(*in(available, 3).entry, 4, start).state, available);
}

TEST(Transitions, ARaisedLimitRaisesNoDead) {
  EXPECT_EQ(settle(*in(dead, 3).entry, 100, end).state, dead);
  EXPECT_EQ(settle(*in(dead, 3).entry, {}, end).state, dead);
}

TEST(Transitions, ADelayBeginsWithTheRelease) {
  const auto given_back = release(in(leased, 2, l), l, seconds(60), {}, three, start + seconds(9));
  EXPECT_EQ(given_back.changed->entry, (Entry{delayed, 2, start + seconds(9), start + seconds(69), {}, {}}));
}

TEST(Transitions, AnErrorIsKeptUntilThereIsAnother) {
  Record record = in(leased, 1, l);
  record = *release(record, l, seconds(0), "first", three, start + seconds(1)).changed;
  EXPECT_EQ(record.entry->last_failure, (Failure{"first", start + seconds(1)}));
  record.entry = *lease(*record.entry, m, seconds(30), three, start + seconds(2));
  record = *release(record, m, seconds(0), {}, three, start + seconds(3)).changed;
  EXPECT_EQ(record.entry->last_failure, (Failure{"first", start + seconds(1)}));
  record.entry = *lease(*record.entry, n, seconds(30), three, start + seconds(4));
  record = *release(record, n, seconds(9), "second", three, start + seconds(5)).changed;
  EXPECT_EQ(record.entry, (Entry{dead, 3, start + seconds(5), {}, {}, Failure{"second", start + seconds(5)}}));
  record = *requeue(record, three, start + seconds(6)).changed;
  EXPECT_EQ(record.entry, (Entry{available, 0, start + seconds(6), {}, {}, Failure{"second", start + seconds(5)}}));
}

TEST(Transitions, ExtendingCountsFromNowAndMayShorten) {
  const auto longer = extend(in(leased, 2, l), l, seconds(60), start + seconds(10));
  EXPECT_EQ(longer.changed->entry, (Entry{leased, 2, start + seconds(10), start + seconds(70), l, {}}));
  EXPECT_EQ(extend(in(leased, 2, l), l, seconds(1), start).changed->entry->until, start + seconds(1));
}

TEST(Transitions, ARepeatedAcknowledgementStaysOneAfterAReplay) {
  Record record = *acknowledge(in(leased, 2, l), l, start).changed;
  record = *replay(record, start + seconds(1));
  EXPECT_EQ(shown(acknowledge(record, l, start + seconds(2))), "already_acknowledged");
  EXPECT_EQ(shown(acknowledge(record, m, start + seconds(2))), "lease_lost");
  record.entry = *lease(*record.entry, m, seconds(30), three, start + seconds(2));
  EXPECT_EQ(record.acknowledgement->lease, l);
  record = *acknowledge(record, m, start + seconds(3)).changed;
  EXPECT_EQ(record, (Record{{}, Acknowledgement{start + seconds(3), m}}));
}

TEST(Transitions, AnEntryExpiresAtTheEndOfItsRetention) {
  const Rules week{.max_attempts = 3, .retention = days(7), .dead_retention = days(30)};
  const auto expires = [&](const Record& record, UnixMillis accepted, UnixMillis now) {
    return or_dash(shown(expire(record, accepted, week, now, now)));
  };
  for (const auto& record : {Record::fresh(), in(available, 2), in(leased, 1, l), in(delayed, 1)}) {
    EXPECT_EQ(expires(record, start, start + days(7) - milliseconds(1)), "-");
    EXPECT_EQ(expires(record, start, start + days(7)), "gone");
    EXPECT_EQ(or_dash(shown(expire(record, start, three, start, start + days(9'999)))), "-") << "for ever";
  }
  EXPECT_EQ(expires(in(dead, 3), start - days(365), start + days(30) - milliseconds(1)), "-");
  EXPECT_EQ(expires(in(dead, 3), start - days(365), start + days(30)), "gone");
  EXPECT_EQ(expires(in(leased, 3, l), start - days(365), end + days(99)), "-") << "its death was not recorded";
  EXPECT_EQ(expires(left(l), start, start + days(999)), "-");
}

TEST(Transitions, AJumpOfTheClockThatIsNotBelievedEndsLeasesButDeletesNothing) {
  const Rules week{.max_attempts = 3, .retention = days(7), .dead_retention = days(7)};
  const UnixMillis jumped = start + days(365);
  for (const auto& record : {Record::fresh(), in(available, 2), in(leased, 1, l), in(dead, 3)}) {
    EXPECT_EQ(or_dash(shown(expire(record, start, week, jumped, start + seconds(1)))), "-");
  }
  EXPECT_EQ(or_dash(shown(expire(in(leased, 1, l), start - days(7), week, jumped, start))), "gone");
  EXPECT_EQ(or_dash(shown(expire(in(leased, 3, l), start - days(7), week, jumped, start))), "-") << "dead by now";
}

TEST(Transitions, ARestartNeverProlongsALease) {
  const Entry entry = *in(leased, 2, l).entry;
  EXPECT_EQ(resume(entry, start), entry);
  EXPECT_EQ(resume(entry, end + days(1)), entry);
  const Entry back = resume(entry, start - days(3));
  EXPECT_EQ(back, (Entry{leased, 2, start - days(3), start - days(3) + seconds(30), l, {}}));
  EXPECT_EQ(resume(*in(delayed, 2).entry, start - days(3)).until, start - days(3) + seconds(30));
  EXPECT_EQ(resume(*in(dead, 2).entry, start - days(3)), *in(dead, 2).entry);
}

}  // namespace
}  // namespace triggers::inbox
