// Each rule finds the fault that it is for, and finds none in a history that a correct service may have.

#include "swarm/verify/lease_check.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

constexpr JournalTime second = 1'000'000;
const Uuid7 event = *Uuid7::parse("01a20bbb-7022-7d01-8d91-44c476987c33");

/// A lease of 30 s that was asked for at `at` seconds and answered 0.1 s later.
JournaledLease lease(std::uint32_t attempt, double at) {
  JournaledLease one;
  one.event = event;
  one.attempt = attempt;
  one.asked = static_cast<JournalTime>(at * static_cast<double>(second));
  one.answered = one.asked + second / 10;
  one.ends_from = one.asked + 30 * second;
  one.ends_by = one.answered + 30 * second;
  return one;
}

JournaledLease acted(JournaledLease one, double at) {
  one.acted_at = static_cast<JournalTime>(at * static_cast<double>(second));
  one.ends_from = std::min(one.ends_from, one.acted_at);
  return one;
}

JournaledLease acknowledged(JournaledLease one, double at) {
  one = acted(one, at);
  one.acknowledged = one.maybe_acknowledged = true;
  one.settled_by = one.acted_at + second / 10;
  return one;
}

JournaledLease lost(JournaledLease one, double by) {
  one.lost = true;
  one.lost_by = static_cast<JournalTime>(by * static_cast<double>(second));
  return one;
}

LeaseFaults check(std::vector<JournaledLease> leases, std::vector<JournalTime> unanswered = {}) {
  LeaseLines lines;
  lines.leases = std::move(leases);
  lines.inboxes = {"work", "other"};
  lines.unanswered = std::move(unanswered);
  return check_leases(lines);
}

bool clean(const LeaseFaults& faults) {
  return faults.overlapping.empty() && faults.repeated.empty() && faults.late.empty() && faults.returned.empty() &&
         faults.early.empty() && faults.cut_short == 0;
}

const std::vector<Uuid7> found{event};

TEST(LeaseCheck, AcceptsWhatACorrectServiceMayDo) {
  EXPECT_TRUE(clean(check({})));
  EXPECT_TRUE(clean(check({lease(1, 0), lease(2, 30.2), acknowledged(lease(3, 60.5), 61)})));
  EXPECT_TRUE(clean(check({acted(lease(1, 0), 5), lease(4, 5)}))) << "released, and attempts of others between";
  EXPECT_TRUE(clean(check({lost(lease(1, 0), 31), lease(2, 30.5)}))) << "handled for too long";
  EXPECT_TRUE(clean(check({lease(1, 0), lease(2, 29.95)}))) << "the second may have been granted just after the end";
  EXPECT_TRUE(clean(check({acted(lease(1, 0), 30.05), lease(2, 30.04)}))) << "at the same moment";
}

TEST(LeaseCheck, TwoValidLeasesOverlap) {
  EXPECT_EQ(check({lease(1, 0), lease(2, 29.8)}).overlapping, found);
  EXPECT_EQ(check({acted(lease(1, 0), 10), lease(2, 9.8)}).overlapping, found);
  // Not only neighbours.
  EXPECT_EQ(check({lease(1, 0), acted(lease(3, 30.2), 40), lease(4, 41), lease(5, 42)}).overlapping, found);
}

TEST(LeaseCheck, LeasesOfOtherInboxesAndEventsAreOthers) {
  JournaledLease elsewhere = lease(1, 1), another = lease(1, 1);
  elsewhere.inbox = 1;
  another.event.bytes[15] = 1;
  EXPECT_TRUE(clean(check({lease(1, 0), elsewhere, another})));
}

TEST(LeaseCheck, AnAttemptIsNeverRepeatedAndNeverGoesBack) {
  EXPECT_EQ(check({lease(1, 0), lease(1, 31)}).repeated, found);
  EXPECT_EQ(check({lease(2, 0), lease(1, 31)}).repeated, found);
  EXPECT_EQ(check({lease(1, 0), lease(5, 31), lease(2, 62)}).repeated, found);
}

TEST(LeaseCheck, ALeaseThatHasEndedDoesNothing) {
  EXPECT_EQ(check({acted(lease(1, 0), 30.3)}).late, found);
  EXPECT_EQ(check({acted(lease(1, 0), 20), lease(2, 0.5)}).late, found) << "another lease had it";
  EXPECT_TRUE(check({acted(lease(1, 0), 30.11)}).late.empty());
}

TEST(LeaseCheck, WhatWasAcknowledgedIsNotLeasedAgain) {
  EXPECT_EQ(check({acknowledged(lease(1, 0), 1), lease(2, 1.2)}).returned, found);
  EXPECT_TRUE(check({acknowledged(lease(1, 0), 1), lease(2, 0.95)}).returned.empty());
}

TEST(LeaseCheck, AHolderThatLosesAValidLeaseIsTold) {
  EXPECT_EQ(check({lost(lease(1, 0), 29)}).early, found);
  EXPECT_TRUE(check({lost(lease(1, 0), 29.99)}).early.empty());
  EXPECT_TRUE(check({lost(acknowledged(lease(1, 0), 1), 2)}).early.empty()) << "it had settled the entry itself";
  JournaledLease taken = lost(lease(1, 0), 5);
  taken.maybe_taken = true;
  EXPECT_TRUE(check({taken}).early.empty()) << "by another user, without a lease";
}

TEST(LeaseCheck, ACrashMayEndALeaseEarly) {
  const LeaseFaults faults = check({lease(1, 0), lost(lease(2, 10), 12)}, {5 * second, 11 * second});
  EXPECT_TRUE(faults.overlapping.empty());
  EXPECT_TRUE(faults.early.empty());
  EXPECT_EQ(faults.cut_short, 2U);
  EXPECT_EQ(check({lease(1, 0), lease(2, 10)}, {11 * second}).overlapping, found) << "not one that came later";
}

}  // namespace
}  // namespace triggers::swarm
