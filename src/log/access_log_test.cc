#include "log/access_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "log/test_pipe.h"

namespace triggers::log {
namespace {

using namespace std::chrono_literals;

AccessEntry entry() {
  AccessEntry made;
  made.time = UnixMillis{1'700'000'000'123ms};
  made.request_id = "r-1";
  made.method = "POST";
  made.route = "/events";
  made.status = 201;
  made.duration = 1'234'567ns;
  made.bytes_in = 300;
  made.bytes_out = 150;
  made.key_id = "key_1";
  made.user_id = "acme";
  made.client = "192.0.2.1";
  return made;
}

class TemporaryFile {
 public:
  TemporaryFile() : file_(std::tmpfile()) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::fclose(file_); }

  int descriptor() { return fileno(file_); }
  std::string text() {
    std::string out;
    std::array<char, 65'536> part{};
    off_t at = 0;
    for (ssize_t got; (got = pread(descriptor(), part.data(), part.size(), at)) > 0; at += got) {
      out.append(part.data(), static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  std::FILE* file_;
};

TEST(AccessLog, LineHasEveryField) {
  TemporaryFile file;
  AccessLog log(file.descriptor());
  log.write(entry());
  ASSERT_TRUE(log.flush(60s));
  EXPECT_EQ(file.text(),
            R"({"time":"2023-11-14T22:13:20.123Z","level":"info","event":"request","request_id":"r-1","method":"POST",)"
            R"("route":"/events","status":201,"duration_us":1234,"bytes_in":300,"bytes_out":150,"key_id":"key_1",)"
            R"("user_id":"acme","client":"192.0.2.1"})"
            "\n");
}

TEST(AccessLog, EmptyFieldsAreLeftOutAndHostileOnesEscaped) {
  TemporaryFile file;
  AccessLog log(file.descriptor());
  auto line = entry();
  line.key_id = line.user_id = {};
  line.request_id = "a\"\n\xFF";
  log.write(line);
  ASSERT_TRUE(log.flush(60s));
  const auto parsed = boost::json::parse(file.text()).as_object();
  EXPECT_FALSE(parsed.contains("key_id"));
  EXPECT_EQ(parsed.at("request_id").as_string(), "a\"\n\xEF\xBF\xBD");
}

TEST(AccessLog, EveryLineOfEveryThreadArrivesWhole) {
  TemporaryFile file;
  {
    AccessLog log(file.descriptor());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log] {
        for (int i = 0; i < 2000; ++i) log.write(entry());
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(log.flush(60s));
    EXPECT_EQ(log.dropped(), 0U);
  }
  std::istringstream lines(file.text());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_TRUE(line.starts_with("{\"time\"") && line.ends_with("\"192.0.2.1\"}")) << line;
  }
  EXPECT_EQ(count, 8000);
}

TEST(AccessLog, DestructorWritesWhatIsLeft) {
  TemporaryFile file;
  {
    AccessLog(file.descriptor()).write(entry());
  }
  EXPECT_FALSE(file.text().empty());
}

TEST(AccessLog, TwoLogsOnOneThreadDoNotShareBuffers) {
  TemporaryFile a, b;
  AccessLog log_a(a.descriptor()), log_b(b.descriptor());
  for (int i = 0; i < 3; ++i) {
    log_a.write(entry());
    log_b.write(entry());
  }
  ASSERT_TRUE(log_a.flush(60s) && log_b.flush(60s));
  const auto text = a.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text, b.text());
}

TEST(AccessLog, LineForAPersonHasTheSameFields) {
  TemporaryFile file;
  AccessLog log(file.descriptor(), Format::text);
  auto line = entry();
  line.client = "a b\x1B[2J\xC2\x9B";
  log.write(line);
  ASSERT_TRUE(log.flush(60s));
  EXPECT_EQ(file.text(),
            "2023-11-14T22:13:20.123Z POST /events 201 1.23 ms, 300 B in, 150 B out user=acme key=key_1 "
            "client=\"a b\\u001b[2J\xEF\xBF\xBD\" request=r-1\n");
}

TEST(AccessLog, FileIsNoTerminal) {
  TemporaryFile file;
  AccessLog log(file.descriptor(), Format::automatic);
  log.write(entry());
  ASSERT_TRUE(log.flush(60s));
  EXPECT_TRUE(file.text().starts_with("{\"time\""));
}

TEST(AccessLog, StuckReaderLosesLinesButDelaysNobody) {
  TestPipe stuck;
  std::uint64_t dropped = 0;
  std::string seen;
  {
    AccessLog log(stuck.writer());
    for (int i = 0; i < 30'000; ++i) log.write(entry());
    EXPECT_FALSE(log.flush(0ms));
    // The reader resumes, so that the destructor need not wait for its time limit.
    std::thread reader([&] { seen = stuck.read_until("last\"}\n"); });
    EXPECT_TRUE(log.flush(60s));
    dropped = log.dropped();
    auto last = entry();
    last.client = "last";
    log.write(last);
    EXPECT_TRUE(log.flush(60s));
    reader.join();
  }
  EXPECT_GT(dropped, 0U);
  std::uint64_t lines = 0, told = 0;
  std::istringstream text(seen);
  for (std::string line; std::getline(text, line);) {
    const auto parsed = boost::json::parse(line).as_object();
    if (parsed.at("event") == "log_lines_dropped") {
      told += parsed.at("lines").to_number<std::uint64_t>();
    } else {
      ++lines;
    }
  }
  EXPECT_EQ(lines + dropped, 30'001U);
  EXPECT_EQ(told, dropped);
}

TEST(AccessLog, ReaderThatIsGoneOnlyCounts) {
  std::signal(SIGPIPE, SIG_IGN);
  TestPipe gone;
  gone.close_reader();
  AccessLog log(gone.writer());
  log.write(entry());
  EXPECT_TRUE(log.flush(60s));
  EXPECT_EQ(log.dropped(), 1U);
}

}  // namespace
}  // namespace triggers::log
