#include "swarm/verify/ordered_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/thread_name.h"

namespace triggers::swarm {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds write_interval{100};

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

OrderedWriter::OrderedWriter(UniqueFd file, std::size_t bytes_max)
    : file_(std::move(file)), bytes_max_(bytes_max), number_(next_number()), thread_([this] {
        name_thread("journal");
        run();
      }) {}

OrderedWriter::~OrderedWriter() { finish({}); }

void OrderedWriter::add(std::string_view line) {
  if (!buffer_of_this_thread().add(line)) close_all();
}

/// A thread remembers the buffer of the last writer that it has added to.
LineBuffer& OrderedWriter::buffer_of_this_thread() {
  thread_local std::uint64_t known_number = 0;
  thread_local LineBuffer* known = nullptr;
  if (known_number == number_) return *known;
  const MutexLock lock(mutex_);
  const auto own = std::find_if(threads_.begin(), threads_.end(),
                                [](const ThreadLines& one) { return one.thread == std::this_thread::get_id(); });
  known = own != threads_.end() ? &own->buffer : &threads_.emplace_back(bytes_max_).buffer;
  known_number = number_;
  if (closed_) known->close();
  return *known;
}

void OrderedWriter::close_all() {
  const MutexLock lock(mutex_);
  closed_ = true;
  for (ThreadLines& one : threads_) one.buffer.close();
}

void OrderedWriter::run() {
  for (bool ending = false; !ending;) {
    {
      MutexLock lock(mutex_);
      if (!ending_) wake_.wait_for(lock, write_interval);
      ending = ending_;
    }
    write_until(ending ? LineTime::max() : steady_clock::now());
  }
}

void OrderedWriter::write_until(LineTime until) {
  std::string text;
  LineTime oldest = LineTime::max(), whole_until = LineTime::max();
  {
    const MutexLock lock(mutex_);
    taken_.resize(threads_.size());
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      TimedLines newer = threads_[i].buffer.take();
      whole_until = std::min(whole_until, newer.whole_until);
      if (taken_[i].lines.empty()) {
        taken_[i] = std::move(newer);
      } else {  // added while the last batch was taken
        taken_[i].text += newer.text;
        taken_[i].lines.insert(taken_[i].lines.end(), newer.lines.begin(), newer.lines.end());
      }
      if (!taken_[i].lines.empty()) oldest = std::min(oldest, taken_[i].lines.front().added);
    }
  }
  merge_lines(taken_, std::min(until, whole_until), text);
  if (whole_until <= until) drop_taken();
  if (text.empty()) return;
  write(text);
  const MutexLock lock(mutex_);
  longest_wait_ = std::max<std::chrono::nanoseconds>(longest_wait_, steady_clock::now() - oldest);
}

/// A gap in the file would be worse than its end.
void OrderedWriter::drop_taken() {
  const MutexLock lock(mutex_);
  for (TimedLines& one : taken_) {
    cut_lines_ += one.lines.size();
    one = TimedLines{};
  }
}

void OrderedWriter::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(file_.get(), text.data(), text.size());
    if (wrote >= 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno != EINTR) {
      const int error = errno;
      close_all();
      const MutexLock lock(mutex_);
      if (!error_) error_ = error;
      return;
    }
  }
}

void OrderedWriter::finish(std::string_view last_line) {
  {
    const MutexLock lock(mutex_);
    if (ending_) return;
    ending_ = true;
  }
  close_all();  // lines that are added from now on are counted
  wake_.notify_all();
  thread_.join();
  const WriterHealth so_far = health();
  if (so_far.lost_lines == 0 && !so_far.error) write(last_line);
}

WriterHealth OrderedWriter::health() const {
  const MutexLock lock(mutex_);
  WriterHealth health{.lost_lines = cut_lines_, .error = error_, .longest_wait = longest_wait_};
  for (const ThreadLines& one : threads_) health.lost_lines += one.buffer.lost();
  return health;
}

}  // namespace triggers::swarm
