// Writing a journal (journal.h) and reading it (journal_contents.h).

#include "swarm/verify/journal.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "swarm/report/test_folder.h"
#include "swarm/verify/journal_contents.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view first_id = "01a20bbb-7022-7d01-8d91-44c476987c33";
constexpr std::string_view second_id = "01a20bbb-7022-7d01-8d91-44c476987c34";
const SentEvent order{.event_type = "order.paid", .payload = R"({"total":1.0})", .source = "shop"};
const SentEvent other{.event_type = "order.paid", .payload = R"({"total":1.00})", .source = "shop"};

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open() {
    auto opened = Journal::open(path_);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return std::move(*opened);
  }
  JournalContents read() {
    auto contents = read_journal(path_);
    EXPECT_TRUE(contents.ok()) << (contents.ok() ? "" : contents.error().message);
    return std::move(*contents);
  }
  void append(std::string_view text) { std::ofstream(path_, std::ios::app) << text; }

  TestFolder folder_;
  std::string path_ = folder_ / "journal";
};

TEST_F(JournalTest, GivesBackWhatWasWritten) {
  {
    const auto journal = open();
    journal->accepted(first_id, order, false);
    journal->accepted(second_id, other, false);
    journal->accepted(first_id, order, true);
    journal->unknown(other);
    journal->maybe_acknowledged(second_id);
    journal->acknowledged(second_id);
    EXPECT_TRUE(journal->finish().ok());
  }
  JournalContents contents = read();
  ASSERT_EQ(contents.events.size(), 2U);
  EXPECT_EQ(contents.broken_lines, 0U);
  EXPECT_TRUE(contents.changed.empty());
  ASSERT_EQ(contents.unknown.size(), 1U);
  EXPECT_EQ(contents.unknown[0], digest_of(other));
  const JournaledEvent* const first = contents.find(*Uuid7::parse(first_id));
  ASSERT_NE(first, nullptr);
  EXPECT_TRUE(first->accepted);
  EXPECT_FALSE(first->maybe_acknowledged);
  EXPECT_EQ(first->digest, digest_of(order));
  const JournaledEvent* const second = contents.find(*Uuid7::parse(second_id));
  EXPECT_TRUE(second->acknowledged);
}

TEST_F(JournalTest, SeveralRunsShareAFile) {
  open()->accepted(first_id, order, false);
  open()->accepted(second_id, other, false);
  EXPECT_EQ(read().events.size(), 2U);
}

TEST_F(JournalTest, ATornLastLineIsReportedAndDoesNotSpoilTheNextRun) {
  open()->accepted(first_id, order, false);
  append("A 01a20bbb-7022-7d01-8d91-44c47698");
  EXPECT_EQ(read().broken_lines, 1U);
  open()->accepted(second_id, other, false);
  const JournalContents contents = read();
  EXPECT_EQ(contents.broken_lines, 1U);
  EXPECT_EQ(contents.events.size(), 2U);
}

TEST_F(JournalTest, ADuplicatePromisesTheEventButNotItsBytes) {
  {
    const auto journal = open();
    journal->accepted(first_id, order, false);
    journal->accepted(first_id, other, true);
    journal->accepted(second_id, other, true);
  }
  JournalContents contents = read();
  EXPECT_TRUE(contents.changed.empty());
  EXPECT_EQ(contents.find(*Uuid7::parse(first_id))->digest, digest_of(order));
  const JournaledEvent* const second = contents.find(*Uuid7::parse(second_id));
  EXPECT_TRUE(second->accepted);
  EXPECT_FALSE(second->has_digest);
}

TEST_F(JournalTest, ALeaseOfTheDefaultInboxAcknowledgesItsEvents) {
  const Uuid7 first = *Uuid7::parse(first_id), second = *Uuid7::parse(second_id);
  for (const std::string inbox : {"default", "work"}) {
    std::filesystem::remove(path_);
    {
      const auto journal = open();
      const std::array events{LeasedEvent{first, 1}, LeasedEvent{second, 1}};
      journal->leased({.lease_id = "l", .inbox = inbox, .seconds = 30, .asked = 1, .answered = 2, .events = events});
      journal->lease_request("l", LeaseVerb::acknowledge, 3, std::array{first, second});
      journal->lease_results("l", LeaseVerb::acknowledge, 3, 4,
                             std::array{EventResult{first, EntryResult::acknowledged}});
      journal->maybe_acknowledged(second_id);
      journal->unanswered(5);
    }
    JournalContents contents = read();
    EXPECT_EQ(contents.broken_lines, 0U);
    ASSERT_EQ(contents.leases.leases.size(), 2U);
    EXPECT_EQ(contents.leases.unanswered.size(), 1U);
    const bool is_default = inbox == "default";
    EXPECT_EQ(contents.find(first) != nullptr && contents.find(first)->acknowledged, is_default);
    EXPECT_FALSE(contents.find(second)->acknowledged);
    EXPECT_FALSE(contents.leases.leases[0].maybe_taken);
    EXPECT_EQ(contents.leases.leases[1].maybe_taken, is_default);
  }
}

TEST_F(JournalTest, AJournalOfVersion1IsReadAndNotContinued) {
  append("swarm-journal 1\nM " + std::string{first_id} + "\n");
  EXPECT_EQ(read().events.size(), 1U);
  const auto opened = Journal::open(path_);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("earlier version"), std::string::npos) << opened.error().message;
}

TEST_F(JournalTest, OneIdWithTwoContentsIsAFault) {
  {
    const auto journal = open();
    journal->accepted(first_id, order, false);
    journal->accepted(first_id, other, false);
  }
  EXPECT_EQ(read().changed.size(), 1U);
}

TEST_F(JournalTest, RefusesAFileOfSomethingElse) {
  append("id,total\n1,2\n");
  EXPECT_EQ(Journal::open(path_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_journal(path_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_journal(path_ + "x").error().code, ErrorCode::not_found);
  EXPECT_EQ(Journal::open("/no/such/folder/journal").error().code, ErrorCode::unavailable);
}

TEST_F(JournalTest, AFullDiskIsReported) {
  auto opened = Journal::open("/dev/full");
  EXPECT_FALSE(opened.ok());
}

TEST_F(JournalTest, ThreadsDoNotMixTheirLines) {
  {
    const auto journal = open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5000; ++i) journal->unknown(order);
      });
    }
    for (auto& thread : threads) thread.join();
  }
  const JournalContents contents = read();
  EXPECT_EQ(contents.unknown.size(), 20'000U);
  EXPECT_EQ(contents.broken_lines, 0U);
}

}  // namespace
}  // namespace triggers::swarm
