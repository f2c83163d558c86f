#include "log/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <iterator>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/json_text.h"
#include "base/mutex.h"
#include "base/timestamp.h"
#include "log/line_writer.h"
#include "log/log_line.h"

namespace triggers::log {
namespace {

/// Most requests of a thread come in the millisecond of the one before.
void append_time(std::string& out, UnixMillis time) {
  thread_local UnixMillis last = UnixMillis::min();
  thread_local std::string text;
  if (time != last) {
    text.clear();
    append_timestamp(text, time);
    last = time;
  }
  out.append(text);
}

/// `name` with the comma before it and the colon after it, so that it is one piece to copy.
void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(name);
  append_json_text(out, text);
}

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(name).append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

std::int64_t micros(std::chrono::nanoseconds time) {
  return std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count(), 0);
}

void append_json_line(std::string& out, const AccessEntry& entry) {
  out.append("{\"time\":\"");
  append_time(out, entry.time);
  out.append("\",\"level\":\"info\",\"event\":\"request\"");
  append_member(out, R"(,"request_id":)", entry.request_id);
  append_member(out, R"(,"method":)", entry.method);
  append_member(out, R"(,"route":)", entry.route);
  append_number(out, R"(,"status":)", entry.status);
  append_number(out, R"(,"duration_us":)", static_cast<std::uint64_t>(micros(entry.duration)));
  append_number(out, R"(,"bytes_in":)", entry.bytes_in);
  append_number(out, R"(,"bytes_out":)", entry.bytes_out);
  append_member(out, R"(,"key_id":)", entry.key_id);
  append_member(out, R"(,"user_id":)", entry.user_id);
  append_member(out, R"(,"client":)", entry.client);
  out.append("}\n");
}

/// ` name=text`, as a person reads it.
void append_readable_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(name);
  append_readable(out, text);
}

/// `2026-11-28T17:36:06.123Z POST /events 201 0.85 ms, 412 B in, 163 B out user=acme key=key_1 …`.
void append_text_line(std::string& out, const AccessEntry& entry) {
  append_time(out, entry.time);
  fmt::format_to(std::back_inserter(out), " {} {} {} {:.2f} ms, {} B in, {} B out", entry.method, entry.route,
                 entry.status, static_cast<double>(micros(entry.duration)) / 1000, entry.bytes_in, entry.bytes_out);
  append_readable_member(out, " user=", entry.user_id);
  append_readable_member(out, " key=", entry.key_id);
  append_readable_member(out, " client=", entry.client);
  append_readable_member(out, " request=", entry.request_id);
  out.push_back('\n');
}

std::atomic<std::uint64_t> logs_made{0};

}  // namespace

/// The buffers of the threads, before the writer. Locks are taken in the order buffers, buffer, writer.
class AccessLog::State {
 public:
  State(int descriptor, Format format)
      : id_(++logs_made), as_text_(is_text(format, descriptor)), writer_(descriptor, writer_config()) {}
  ~State() { collect(); }

  void write(const AccessEntry& entry) {
    auto& buffer = buffer_of_this_thread();
    const MutexLock lock(buffer.mutex);
    if (as_text_) {
      append_text_line(buffer.text, entry);
    } else {
      append_json_line(buffer.text, entry);
    }
    ++buffer.lines;
    if (buffer.text.size() >= buffer_bytes) hand_over(buffer);
  }

  bool flush(std::chrono::milliseconds patience) {
    collect();
    return writer_.flush(patience);
  }

  LineWriter& writer() noexcept { return writer_; }

 private:
  struct Buffer {
    Buffer() { text.reserve(buffer_bytes + 1024); }

    Mutex mutex;
    std::string text GUARDED_BY(mutex);
    std::uint64_t lines GUARDED_BY(mutex) = 0;
  };

  LineWriter::Config writer_config() {
    LineWriter::Config config;
    config.thread_name = "access-log";
    config.waiting_bytes_max = waiting_bytes_max;
    config.tell_dropped = [this](std::uint64_t lines) { return dropped_line(as_text_, lines); };
    config.collect = [this] { collect(); };
    config.flush_interval = flush_interval;
    return config;
  }

  Buffer& buffer_of_this_thread() {
    // By the id, not the address: a new log may have the address of an earlier one.
    thread_local std::uint64_t owner = 0;
    thread_local Buffer* buffer = nullptr;
    if (owner != id_ || buffer == nullptr) {
      const MutexLock lock(buffers_mutex_);
      auto made = std::make_unique<Buffer>();
      // Made before the insertion, so that the map has whole entries even when memory runs out. This thread may have
      // one already.
      auto& slot = buffers_.try_emplace(std::this_thread::get_id(), std::move(made)).first->second;
      buffer = slot.get();
      owner = id_;
    }
    return *buffer;
  }

  void hand_over(Buffer& buffer) noexcept REQUIRES(buffer.mutex) {
    writer_.push(buffer.text, std::exchange(buffer.lines, 0));
  }

  void collect() {
    const MutexLock lock(buffers_mutex_);
    for (auto& [thread, buffer] : buffers_) {
      const MutexLock buffer_lock(buffer->mutex);
      if (buffer->lines > 0) hand_over(*buffer);
    }
  }

  const std::uint64_t id_;
  const bool as_text_;

  Mutex buffers_mutex_;
  std::unordered_map<std::thread::id, std::unique_ptr<Buffer>> buffers_ GUARDED_BY(buffers_mutex_);

  LineWriter writer_;  // The last member: its thread uses the others.
};

AccessLog::AccessLog(int descriptor, Format format) : state_(std::make_unique<State>(descriptor, format)) {}
AccessLog::~AccessLog() = default;

void AccessLog::write(const AccessEntry& entry) noexcept {
  try {
    state_->write(entry);
  } catch (...) {
    // Out of memory, most likely: a log line is not worth the request.
    state_->writer().count_dropped(1);
  }
}

bool AccessLog::flush(std::chrono::milliseconds patience) { return state_->flush(patience); }
std::uint64_t AccessLog::dropped() const noexcept { return state_->writer().dropped(); }

}  // namespace triggers::log
