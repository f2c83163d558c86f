#include "swarm/script/data_file.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "swarm/script/test_scripts.h"

namespace triggers::swarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::unique_ptr<DataFile>> read(const std::string& name, const std::string& text) {
  const TestFolder folder;
  std::ofstream(folder / name) << text;
  return DataFile::read(folder / name);
}

TEST(DataFile, ReadsQuotedFieldsLineEndsAndAByteOrderMark) {
  const auto file = read("a.csv", "\xef\xbb\xbfname,note\r\nAnn,\"a, b\"\r\n\r\n\"B \"\"o\"\" b\",\"two\nlines\"\n");
  ASSERT_TRUE(file.ok());
  EXPECT_THAT((*file)->columns(), ElementsAre("name", "note"));
  ASSERT_EQ((*file)->rows(), 2U);
  EXPECT_THAT(csv_fields((*file)->row(0)), ElementsAre("Ann", "a, b"));
  EXPECT_THAT(csv_fields((*file)->row(1)), ElementsAre("B \"o\" b", "two\nlines"));
}

TEST(DataFile, SaysWhatIsWrongWhere) {
  EXPECT_THAT(read("a.csv", "a,b\n1,2\n3\n").error().message, HasSubstr("has 1 fields in line 3, and 2 columns"));
  EXPECT_THAT(read("a.csv", "a,b\n1,\"2\n").error().message, HasSubstr("ends within a quoted field"));
  EXPECT_THAT(read("a.csv", "a,b\n").error().message, HasSubstr("has no rows"));
  EXPECT_THAT(read("a.txt", "a").error().message, HasSubstr("is not a .csv"));
}

TEST(DataFile, HandsOutRowsInOrderAndEachOnce) {
  const auto file = read("a.ndjson", "{\"n\":1}\n\n{\"n\":2}");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->next(), 0U);
  EXPECT_EQ((*file)->next(), 1U);
  EXPECT_EQ((*file)->next(), 0U);
  EXPECT_EQ((*file)->once(), 0U);
  EXPECT_EQ((*file)->once(), 1U);
  EXPECT_EQ((*file)->once(), std::nullopt);
}

TEST(DataFile, AllUsersOfAllThreadsShareItsRows) {
  ScriptRun run(R"(
    local ok, people = pcall(swarm.data, "people.csv")
    local U = swarm.user("U")
    U:task("t", function(self)
      local row = people:once()
      if not row then return self:stop() end
      assert(people:count() == 200 and people:random().name:match("^p%d+$") and people:next().name)
      self:post("/" .. row.name, {name = "p"})
    end))",
                ScriptRun::answer_all, {.threads = 2});
  {
    std::ofstream rows(run.folder() / "people.csv");
    rows << "name\n";
    for (int i = 0; i < 200; ++i) rows << "p" << i << "\n";
  }
  ASSERT_TRUE(run.script().declare_users().ok());
  const auto classes = UserClass::all();
  run.start();
  run.test().load->set_users({10}, std::chrono::seconds{0});
  run.until("p", 200);
  EXPECT_TRUE(run.test().until([&] { return run.test().load->idle(); }));
  EXPECT_EQ(run.first_exception(), "");
  auto targets = run.targets();
  std::sort(targets.begin(), targets.end());
  EXPECT_EQ(std::unique(targets.begin(), targets.end()) - targets.begin(), 200);
  EXPECT_EQ(targets.size(), 200U);
}

TEST(DataFile, ASymbolicLinkOutOfTheFolderIsRefused) {
  const TestFolder folder;
  std::filesystem::create_symlink("/etc/passwd", folder / "a.csv");
  DataFiles files(folder / "");
  EXPECT_THAT(files.open("a.csv").error().message, HasSubstr("is not in the script's folder"));
}

}  // namespace
}  // namespace triggers::swarm
