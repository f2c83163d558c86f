#include "log/log.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/mutex.h"
#include "log/line_writer.h"
#include "log/log_line.h"
#include "log/output.h"

namespace triggers::log {
namespace {

constexpr int standard_error = 2;
constexpr std::size_t waiting_bytes_max = 1024 * 1024;
constexpr std::chrono::milliseconds last_words_patience{200};

std::atomic<Level> least{Level::info};
std::atomic<bool> as_text{false};
std::atomic<std::uint64_t> dropped_before{0};  // By the direct way, and by writers that are gone.

/// Where lines go: to the writer of a Background, or, without one, to the descriptor at once.
class Sink {
 public:
  void take(std::string& lines) noexcept {
    const MutexLock lock(mutex_);
    if (writer_) {
      writer_->push(lines, 1);
    } else if (!write_at_once(lines)) {
      ++dropped_before;
    }
  }

  void set_writer(std::shared_ptr<LineWriter> writer) {
    const MutexLock lock(mutex_);
    writer_.swap(writer);
  }

  /// The writer; its flush must not hold up those that log.
  std::shared_ptr<LineWriter> writer() {
    const MutexLock lock(mutex_);
    return writer_;
  }

  /// The same, but nothing while another thread, or this one, has the lock.
  std::shared_ptr<LineWriter> writer_if_free() {
    if (!mutex_.try_lock()) return nullptr;
    auto writer = writer_;
    mutex_.unlock();
    return writer;
  }

 private:
  /// Waits for a stuck reader, but only once: later lines are dropped at once until it resumes.
  bool write_at_once(std::string_view line) noexcept REQUIRES(mutex_) {
    try {
      const auto until = std::chrono::steady_clock::now() + (stood_still_ ? std::chrono::seconds{0} : direct_patience);
      stood_still_ = !Output(standard_error).write(line, [until] { return std::chrono::steady_clock::now() < until; });
      return !stood_still_;
    } catch (...) {
      return false;  // Out of memory.
    }
  }

  static constexpr std::chrono::seconds direct_patience{1};

  Mutex mutex_;
  std::shared_ptr<LineWriter> writer_ GUARDED_BY(mutex_);
  bool stood_still_ GUARDED_BY(mutex_) = false;
};

Sink& sink() {
  // Never destroyed: something may still log while the process ends.
  static auto* const instance = new Sink;
  return *instance;
}

/// Writes the waiting lines before the process aborts. The thread that failed may hold the sink's lock.
void write_last_words() noexcept {
  try {
    if (const auto writer = sink().writer_if_free()) writer->flush(last_words_patience);
  } catch (...) {
    return;
  }
}

}  // namespace

void set_level(Level level) noexcept { least.store(level, std::memory_order_relaxed); }
void set_format(Format format) noexcept { as_text = is_text(format, standard_error); }

bool enabled(Level level) noexcept { return level >= least.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, Fields fields) noexcept {
  if (!enabled(level)) return;
  try {
    std::string line;
    append_line(line, as_text, Clock::system().now(), level, event, fields);
    sink().take(line);
  } catch (...) {
    ++dropped_before;  // Out of memory, most likely: a log line is not worth the process.
  }
}

void say(std::string_view text) noexcept {
  try {
    std::string line(text);
    line.push_back('\n');
    sink().take(line);
  } catch (...) {
    ++dropped_before;
  }
}

bool flush(std::chrono::milliseconds patience) {
  const auto writer = sink().writer();
  return !writer || writer->flush(patience);
}

std::uint64_t dropped() noexcept {
  const auto writer = sink().writer();
  return dropped_before + (writer ? writer->dropped() : 0);
}

Background::Background() {
  INVARIANT(!sink().writer(), "the log has a background writer already");
  LineWriter::Config config;
  config.thread_name = "log";
  config.waiting_bytes_max = waiting_bytes_max;
  config.tell_dropped = [](std::uint64_t lines) { return dropped_line(as_text, lines); };
  sink().set_writer(std::make_shared<LineWriter>(standard_error, std::move(config)));
  on_invariant_failure(write_last_words);
}

Background::~Background() {
  on_invariant_failure(nullptr);
  const auto writer = sink().writer();
  sink().set_writer(nullptr);
  writer->finish();
  dropped_before += writer->dropped();
}

}  // namespace triggers::log
