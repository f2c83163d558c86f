#include "swarm/verify/lease_journal.h"

#include <gtest/gtest.h>

#include <array>

namespace triggers::swarm {
namespace {

constexpr std::string_view first_id = "01a20bbb-7022-7d01-8d91-44c476987c33";
constexpr std::string_view second_id = "01a20bbb-7022-7d01-8d91-44c476987c34";
constexpr JournalTime second = 1'000'000;

/// Reads lines as read_journal() does. False if one could not be read.
bool read(LeaseLines& lines, std::string_view text) {
  bool all = true;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    all = lines.read(line[0], line.substr(std::min<std::size_t>(2, line.size()))) && all;
    text.remove_prefix(line.size() + 1);
  }
  return all;
}

TEST(LeaseJournal, GivesBackWhatWasWritten) {
  const Uuid7 one = *Uuid7::parse(first_id), other = *Uuid7::parse(second_id);
  std::string text = "R boot\n";
  const std::array events{LeasedEvent{one, 1}, LeasedEvent{other, 7}};
  append_grant(text, {.lease_id = "l-1", .inbox = "work", .seconds = 30, .asked = 5, .answered = 9, .events = events});
  append_request(text, "l-1", LeaseVerb::acknowledge, 20, std::array{one});
  append_results(text, "l-1", LeaseVerb::acknowledge, 20, 24, std::array{EventResult{one, EntryResult::acknowledged}});
  append_request(text, "l-1", LeaseVerb::release, 25, std::array{other});
  append_results(text, "l-1", LeaseVerb::release, 25, 26, std::array{EventResult{other, EntryResult::lease_lost}});
  text += "N 40\nN 30\nE -\n";
  LeaseLines lines;
  ASSERT_TRUE(read(lines, text)) << text;
  lines.finish();
  EXPECT_EQ(lines.inboxes, std::vector<std::string>{"work"});
  EXPECT_EQ(lines.unanswered, (std::vector<JournalTime>{30, 40}));
  ASSERT_EQ(lines.leases.size(), 2U);
  const JournaledLease& acknowledged = lines.leases[0];
  EXPECT_EQ(acknowledged.event, one);
  EXPECT_EQ(acknowledged.attempt, 1U);
  EXPECT_EQ(acknowledged.answered, 9);
  EXPECT_EQ(acknowledged.ends_from, 20);
  EXPECT_EQ(acknowledged.ends_by, 9 + 30 * second);
  EXPECT_TRUE(acknowledged.acknowledged && acknowledged.maybe_acknowledged && !acknowledged.lost);
  EXPECT_EQ(acknowledged.acted_at, 20);
  EXPECT_EQ(acknowledged.settled_by, 24);
  const JournaledLease& lost = lines.leases[1];
  EXPECT_EQ(lost.attempt, 7U);
  EXPECT_TRUE(lost.lost && !lost.maybe_acknowledged);
  EXPECT_EQ(lost.acted_at, never);
  EXPECT_EQ(lost.lost_by, 26);
}

TEST(LeaseJournal, ARunThatWasKilledMayHaveSettledItsLeases) {
  const std::string grant = "L l-1 work 30 5 9 " + std::string{first_id} + "/1\n";
  for (const bool killed : {false, true}) {
    LeaseLines lines;
    ASSERT_TRUE(read(lines, "R boot\n" + grant + "N 50\n" + (killed ? "" : "E -\n") + "R boot\nE -\n"));
    lines.finish();
    EXPECT_EQ(lines.leases[0].maybe_acknowledged, killed);
    EXPECT_EQ(lines.leases[0].ends_from, killed ? 50 : 5 + 30 * second);
  }
}

TEST(LeaseJournal, TimesOfALaterBootAreLater) {
  LeaseLines lines;
  const std::string grant = " work 30 5 9 " + std::string{first_id};
  ASSERT_TRUE(read(
      lines, "R one\nL l-1" + grant + "/1\nE -\nR two\nL l-2" + grant + "/2\nE -\nR one\nL l-3" + grant + "/3\nE -\n"));
  lines.finish();
  EXPECT_GT(lines.leases[1].asked, lines.leases[0].ends_by + 1'000'000 * second);
  EXPECT_EQ(lines.leases[2].asked, lines.leases[0].asked);
}

TEST(LeaseJournal, ALineThatCannotBeReadChangesNothing) {
  const std::string id{first_id};
  LeaseLines lines;
  ASSERT_TRUE(read(lines, "R boot\nL l-1 work 30 5 9 " + id + "/1\n"));
  const std::vector<std::string> wrong{"L l-2 work 30 5",
                                       "L l-2 work 30 5 x " + id + "/1",
                                       "L l-2 work 30 5 9 " + id,
                                       "L l-2 work 30 5 9 " + id + "/",
                                       "L l-2 work 30 5 9 " + id + "/1 torn",
                                       "L l-2 work 30 5 -9 " + id + "/1",
                                       "F l-9 a 9 " + id,
                                       "F l-1 z 9 " + id,
                                       "G l-1 a 9 9 " + id + "/q",
                                       "G l-1 a 9 9 " + id + "/aa",
                                       "N",
                                       "N 1e3",
                                       "N 99999999999999999999",
                                       "R",
                                       "E",
                                       "X 1"};
  for (const std::string& line : wrong) {
    EXPECT_FALSE(read(lines, line + "\n")) << line;
  }
  EXPECT_EQ(lines.leases.size(), 1U);
  EXPECT_TRUE(lines.unanswered.empty());
}

}  // namespace
}  // namespace triggers::swarm
