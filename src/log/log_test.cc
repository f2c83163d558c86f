#include "log/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <sstream>
#include <thread>
#include <vector>

#include "base/timestamp.h"

namespace triggers::log {
namespace {

std::string logged(Level least, Level level, Fields fields) {
  set_level(least);
  testing::internal::CaptureStderr();
  write(level, "test_event", fields);
  set_level(Level::info);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, LineIsOneJsonObjectWithTimeLevelAndEventFirst) {
  const auto line = logged(Level::info, Level::warning,
                           {{"port", 8000}, {"host", "::"}, {"ok", true}, {"share", 0.5}, {"big", ~std::uint64_t{0}}});
  ASSERT_TRUE(line.ends_with("}\n")) << line;
  const auto parsed = boost::json::parse(line).as_object();
  EXPECT_TRUE(parse_timestamp(parsed.at("time").as_string().c_str()));
  EXPECT_EQ(line.find("{\"time\":\""), 0U);
  EXPECT_NE(line.find(R"(,"level":"warning","event":"test_event","port":8000,"host":"::","ok":true,"share":0.5,)"
                      R"("big":18446744073709551615})"),
            std::string::npos)
      << line;
}

TEST(Log, LineBelowTheLevelIsNotWritten) {
  EXPECT_EQ(logged(Level::error, Level::warning, {}), "");
  EXPECT_EQ(logged(Level::info, Level::debug, {}), "");
  EXPECT_NE(logged(Level::debug, Level::debug, {}), "");
}

TEST(Log, HostileTextStaysOneValidLine) {
  const auto line = logged(Level::info, Level::info, {{"a\"b", std::string("x\n\"\\\0\x1b{}%v\xFF", 11)}});
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const auto parsed = boost::json::parse(line).as_object();
  EXPECT_EQ(parsed.at("a\"b").as_string(), boost::json::string_view("x\n\"\\\0\x1b{}%v\xEF\xBF\xBD", 13));
}

TEST(Log, NumbersThatJsonLacksAreNull) {
  const auto line = logged(Level::info, Level::info, {{"n", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_NE(line.find("\"n\":null"), std::string::npos);
}

TEST(Log, LongTextIsCut) {
  const auto line = logged(Level::info, Level::info, {{"cause", std::string(100'000, 'x')}});
  EXPECT_EQ(boost::json::parse(line).as_object().at("cause").as_string().size(), 4096U);
}

TEST(Log, LineForAPersonIsPlainWordsAndTheMessageFirstWithoutItsName) {
  set_format(Format::text);
  const auto line = logged(Level::info, Level::warning,
                           {{"message", "hello there"}, {"port", 8000}, {"host", "::"}, {"share", 0.5}, {"empty", ""}});
  set_format(Format::json);
  EXPECT_TRUE(parse_timestamp(line.substr(0, line.find(' ')))) << line;
  EXPECT_EQ(line.substr(line.find(' ')),
            " warning test_event \"hello there\" port=8000 host=:: share=0.5 empty=\"\"\n");
}

TEST(Log, NoLineCanControlATerminal) {
  set_format(Format::text);
  const auto line = logged(Level::info, Level::info, {{"t", "\x1B[2J\xC2\x9B\xE2\x80\xAE\xE2\x81\xA6\nx=1 \xC3\xA9"}});
  set_format(Format::json);
  EXPECT_EQ(line.substr(line.find("t=")), "t=\"\\u001b[2J\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\\nx=1 \xC3\xA9\"\n");
}

TEST(Log, FormatFollowsStandardError) {
  testing::internal::CaptureStderr();  // A file.
  set_format(Format::automatic);
  info("test_event");
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("{\"time\""));
  set_format(Format::json);
}

TEST(Log, LinesOfThreadsAreNotMixed) {
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) info("test_event", {{"text", std::string(200, 'x')}});
    });
  }
  for (auto& thread : threads) thread.join();
  std::istringstream lines(testing::internal::GetCapturedStderr());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_NO_THROW((void)boost::json::parse(line)) << line;
  EXPECT_EQ(count, 200);
}

TEST(Level, NamesRoundTripWithoutCase) {
  for (const auto level : {Level::debug, Level::info, Level::warning, Level::error}) {
    EXPECT_EQ(parse_level(level_name(level)), level);
  }
  EXPECT_EQ(parse_level("WARN"), Level::warning);
  EXPECT_EQ(parse_level("Error"), Level::error);
  for (const auto* text : {"", "err", "info "}) EXPECT_FALSE(parse_level(text)) << text;
}

}  // namespace
}  // namespace triggers::log
