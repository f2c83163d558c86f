#include "swarm/report/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "swarm/report/test_folder.h"

namespace triggers::swarm {
namespace {

using testing::HasSubstr;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// While it lives, no file of this process grows beyond `bytes`: a write stops in the middle, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit less{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &less);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

class TextFileTest : public testing::Test {
 protected:
  TestFolder scratch_;
  std::string path_ = scratch_ / "file";
};

using ReplacedFileTest = TextFileTest;
using GrowingFileTest = TextFileTest;

TEST_F(ReplacedFileTest, HoldsTheNewestText) {
  ReplacedFile file(path_);
  ASSERT_TRUE(file.replace("a long first text\n").ok());
  ASSERT_TRUE(file.replace("short\n").ok());
  EXPECT_EQ(content(path_), "short\n");
}

TEST_F(ReplacedFileTest, AReaderKeepsTheTextThatItOpened) {
  ReplacedFile file(path_);
  ASSERT_TRUE(file.replace("old").ok());
  std::ifstream reader(path_);
  ASSERT_TRUE(file.replace("new").ok());
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old");
}

TEST_F(ReplacedFileTest, KeepsTheOldTextIfTheDiskIsFull) {
  ReplacedFile file(path_);
  ASSERT_TRUE(file.replace("old").ok());
  {
    const FullDisk full(10);
    const Status replaced = file.replace(std::string(100, 'x'));
    ASSERT_FALSE(replaced.ok());
    EXPECT_EQ(replaced.error().code, ErrorCode::unavailable);
    EXPECT_THAT(replaced.error().message, HasSubstr(path_));
  }
  EXPECT_EQ(content(path_), "old");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));
  EXPECT_TRUE(file.replace(std::string(100, 'x')).ok());
}

TEST_F(GrowingFileTest, HoldsAllLines) {
  auto file = GrowingFile::create(path_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->append("one\n").ok());
  EXPECT_EQ(content(path_), "one\n");
  ASSERT_TRUE(file->append("two\n").ok());
  EXPECT_EQ(content(path_), "one\ntwo\n");
}

TEST_F(GrowingFileTest, BeginsEmpty) {
  std::ofstream(path_) << "of another run";
  ASSERT_TRUE(GrowingFile::create(path_).ok());
  EXPECT_EQ(content(path_), "");
}

TEST_F(GrowingFileTest, NeverHoldsAPartOfALineAndCatchesUpWhenThereIsSpace) {
  auto file = GrowingFile::create(path_);
  ASSERT_TRUE(file->append("first line\n").ok());
  {
    const FullDisk full(15);
    EXPECT_FALSE(file->append("second line\n").ok());
    EXPECT_EQ(content(path_), "first line\n");
    EXPECT_FALSE(file->append("third line\n").ok());
    EXPECT_EQ(content(path_), "first line\n");
  }
  EXPECT_TRUE(file->append("fourth line\n").ok());
  EXPECT_EQ(content(path_), "first line\nsecond line\nthird line\nfourth line\n");
}

TEST_F(GrowingFileTest, ReportsLostLinesFromThenOn) {
  auto file = GrowingFile::create(path_);
  const std::string large(GrowingFile::waiting_bytes_max * 3 / 4, 'x');
  {
    const FullDisk full(10);
    EXPECT_FALSE(file->append(large).ok());
    EXPECT_FALSE(file->append(large).ok());
  }
  const Status later = file->append("and on\n");
  ASSERT_FALSE(later.ok());
  EXPECT_THAT(later.error().message, HasSubstr("lacks " + std::to_string(large.size()) + " bytes"));
  EXPECT_EQ(content(path_), large + "and on\n");
}

TEST_F(GrowingFileTest, AFileThatCannotBeMadeIsAnError) {
  const auto made = GrowingFile::create(scratch_ / "no/such/folder");
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace triggers::swarm
