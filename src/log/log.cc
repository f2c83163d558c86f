#include "log/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cmath>
#include <iterator>

#include "base/clock.h"
#include "base/timestamp.h"
#include "log/json_text.h"

namespace triggers::log {
namespace {

std::atomic<Level> least{Level::info};

spdlog::logger& logger() {
  // Never destroyed: something may still log while the process ends.
  static auto* const instance = [] {
    auto* made = new spdlog::logger("triggers", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    made->set_error_handler([](const std::string&) {});
    return made;
  }();
  return *instance;
}

struct AppendValue {
  std::string& out;

  void operator()(std::string_view text) const { append_json_text(out, text); }
  void operator()(bool truth) const { out.append(truth ? "true" : "false"); }
  void operator()(double number) const {
    // JSON has no word for infinity or NaN.
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out), "{}", number);
    } else {
      out.append("null");
    }
  }
  template <class Integer>
  void operator()(Integer number) const {
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
};

std::string format_line(Level level, std::string_view event, Fields fields) {
  std::string line = "{\"time\":\"";
  append_timestamp(line, Clock::system().now());
  line.append("\",\"level\":\"").append(level_name(level)).append("\",\"event\":");
  append_json_text(line, event);
  for (const auto& field : fields) {
    line.push_back(',');
    append_json_text(line, field.name);
    line.push_back(':');
    std::visit(AppendValue{line}, field.value);
  }
  line.push_back('}');
  return line;
}

}  // namespace

std::string_view level_name(Level level) noexcept {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return {};
}

std::optional<Level> parse_level(std::string_view text) noexcept {
  const auto equal = [text](std::string_view name) {
    if (text.size() != name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]) != name[i]) return false;
    }
    return true;
  };
  for (const auto level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (equal(level_name(level))) return level;
  }
  return equal("warn") ? std::optional{Level::warning} : std::nullopt;
}

void set_level(Level level) noexcept { least.store(level, std::memory_order_relaxed); }

bool enabled(Level level) noexcept { return level >= least.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, Fields fields) noexcept {
  if (!enabled(level)) return;
  try {
    const auto line = format_line(level, event, fields);
    logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    return;  // Out of memory, most likely: a log line is not worth the process.
  }
}

}  // namespace triggers::log
