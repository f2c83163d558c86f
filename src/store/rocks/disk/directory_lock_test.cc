#include "store/rocks/disk/directory_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "store/rocks/test_directory.h"

namespace {

/// What the next calls of flock() fail with.
std::vector<int>& failures() {
  static std::vector<int> errors;
  return errors;
}

}  // namespace

/// In the place of the C library's.
extern "C" int flock(int file, int operation) noexcept {
  if (failures().empty()) return static_cast<int>(syscall(SYS_flock, file, operation));
  errno = failures().front();
  failures().erase(failures().begin());
  return -1;
}

namespace triggers::store {
namespace {

class DirectoryLockTest : public testing::Test {
 protected:
  ~DirectoryLockTest() override { failures().clear(); }
  TestDirectory directory_;
};

TEST_F(DirectoryLockTest, SecondHolderIsAConflictUntilTheFirstIsGone) {
  auto first = DirectoryLock::take(directory_.path());
  ASSERT_TRUE(first);
  const auto second = DirectoryLock::take(directory_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  first->reset();
  EXPECT_TRUE(DirectoryLock::take(directory_.path()));
}

TEST_F(DirectoryLockTest, CallThatASignalInterruptsIsMadeAgain) {
  failures() = {EINTR, EINTR};
  const auto first = DirectoryLock::take(directory_.path());
  ASSERT_TRUE(first);
  EXPECT_FALSE(DirectoryLock::take(directory_.path())) << "the first has no lock";
}

TEST_F(DirectoryLockTest, DirectoryThatCannotBeLockedIsAnErrorThatSaysWhy) {
  for (const int problem : {ENOLCK, EOPNOTSUPP, EBADF}) {
    failures() = {problem};
    const auto lock = DirectoryLock::take(directory_.path());
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, ErrorCode::unavailable);
    EXPECT_THAT(lock.error().message, testing::HasSubstr(std::strerror(problem)));
    EXPECT_THAT(lock.error().message, testing::HasSubstr("cannot lock " + (directory_.path())));
  }
}

}  // namespace
}  // namespace triggers::store
