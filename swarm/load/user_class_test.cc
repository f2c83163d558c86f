#include "swarm/load/user_class.h"

#include <gtest/gtest.h>

#include "swarm/load/user.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

class Sitter final : public User {
 public:
  using User::User;
  Task<void> run() { co_return; }
};

const UserClass& sitter =
    UserClass::declare("Sitter", make<Sitter>).waits(constant(3600)).task("run", 1, task<&Sitter::run>);

TEST(UserClassTest, ASubsetOfItsTasksKeepsEverythingElse) {
  const auto narrowed = sitter.with_tasks({"run", "nothing"});
  ASSERT_NE(narrowed, nullptr);
  EXPECT_EQ(narrowed->name(), "Sitter");
  EXPECT_EQ(narrowed->tasks().size(), 1U);
  EXPECT_EQ(narrowed->draw_wait(0), 3600s);
  EXPECT_EQ(UserClass::find("Sitter"), &sitter);
  EXPECT_EQ(sitter.with_tasks({"nothing"}), nullptr);
}

}  // namespace
}  // namespace triggers::swarm
