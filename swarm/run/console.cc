#include "swarm/run/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>

#include "http/wire/message.h"
#include "swarm/report/console_tables.h"
#include "swarm/run/terminal_text.h"

namespace triggers::swarm {
namespace {

constexpr std::array<std::string_view, 5> names{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count() % 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min, local.tm_sec, ms);
}

/// Read each time, because the size of a window changes.
std::size_t columns() { return terminal_columns().value_or(80); }

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (http::equal_ignoring_case(names[i], text)) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

Console::~Console() {
  draw_status({});
  if (log_file_ != nullptr) std::fclose(log_file_);
}

bool Console::log_to(const std::string& path) {
  const MutexLock lock(mutex_);
  std::FILE* const file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) return false;
  log_file_ = file;
  return true;
}

void Console::log(LogLevel level, std::string_view logger, std::string_view text) {
  if (level < least_) return;
  static const std::string host = host_name();
  const std::string line = fmt::format("[{}] {}/{}/{}: {}\n", timestamp(), host, names[static_cast<std::size_t>(level)],
                                       logger, terminal_safe(text));
  const MutexLock lock(mutex_);
  write(log_file_ == nullptr ? stderr : log_file_, line);
  if (newest_.size() == lines_kept) newest_.pop_front();
  newest_.push_back(line.substr(0, line.size() - 1));
}

std::vector<std::string> Console::newest_lines() {
  const MutexLock lock(mutex_);
  return {newest_.begin(), newest_.end()};
}

void Console::print(std::string_view text) {
  const MutexLock lock(mutex_);
  write(stderr, terminal_safe(text));
}

void Console::set_status(std::string_view text) {
  const MutexLock lock(mutex_);
  draw_status(text);
}

void Console::put(std::FILE* file, std::string_view bytes) {
  if (bytes.empty() || (file == stderr && closed_)) return;
  errno = 0;
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0;
  if (!written && errno == EPIPE && file == stderr) closed_ = true;
}

void Console::write(std::FILE* file, std::string_view text) {
  if (file == stderr) {
    put(file, status_.above(text, columns()));
  } else {
    put(file, text);
  }
}

void Console::draw_status(std::string_view text) { put(stderr, status_.draw(text, columns())); }

bool Console::is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace triggers::swarm
