#include "swarm/load/user_class.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "swarm/load/user.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

class Sitter final : public User {
 public:
  using User::User;
  Task<void> run() { co_return; }
  Task<void> rest() { co_return; }
};

const UserClass& sitter = UserClass::declare("Sitter", make<Sitter>)
                              .waits(between(1, 3))
                              .weighs(2.5)
                              .fixed_count(7)
                              .task("run", 1, task<&Sitter::run>)
                              .task("rest", 3, task<&Sitter::rest>)
                              .needs([] { return Status{Error{ErrorCode::invalid_argument, "no chair"}}; });

TEST(UserClassTest, WaitsAreDrawnUniformlyBetweenTheTwo) {
  EXPECT_EQ(sitter.draw_wait(0), 1s);
  EXPECT_EQ(sitter.draw_wait(0.5), 2s);
  EXPECT_EQ(constant(0.25).draw(0.9), 250ms);
}

TEST(UserClassTest, ATaskIsChosenAsOftenAsItWeighs) {
  EXPECT_EQ(sitter.choose_task(0).name, "run");
  EXPECT_EQ(sitter.choose_task(0.2499).name, "run");
  EXPECT_EQ(sitter.choose_task(0.25).name, "rest");
  EXPECT_EQ(sitter.choose_task(0.9999).name, "rest");
}

TEST(UserClassTest, ASubsetOfItsTasksKeepsEverythingElse) {
  const auto narrowed = sitter.with_tasks({"rest", "nothing"});
  ASSERT_NE(narrowed, nullptr);
  ASSERT_EQ(narrowed->tasks().size(), 1U);
  EXPECT_EQ(narrowed->choose_task(0).name, "rest");
  EXPECT_EQ(narrowed->name(), "Sitter");
  EXPECT_EQ(narrowed->weight(), 2.5);
  EXPECT_EQ(narrowed->fixed(), 7U);
  EXPECT_EQ(narrowed->draw_wait(0.5), 2s);
  EXPECT_EQ(narrowed->check().error().message, "no chair");
  EXPECT_EQ(sitter.with_tasks({"nothing"}), nullptr);
}

TEST(UserClassTest, TheListHasEachDeclaredClassAndNoSubset) {
  const auto narrowed = sitter.with_tasks({"run"});
  EXPECT_EQ(UserClass::find("Sitter"), &sitter);
  EXPECT_EQ(UserClass::find("Stander"), nullptr);
  EXPECT_EQ(std::ranges::count(UserClass::all(), "Sitter", [](const UserClass* one) { return one->name(); }), 1);
}

}  // namespace
}  // namespace triggers::swarm
