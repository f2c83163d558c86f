#include "swarm/verify/line_buffer.h"

#include <utility>

namespace triggers::swarm {

bool LineBuffer::add(std::string_view line) {
  const MutexLock lock(mutex_);
  const LineTime now = std::chrono::steady_clock::now();
  const std::size_t bytes = waiting_.text.size() + waiting_.lines.size() * sizeof(TimedLines::Line) + line.size();
  if (!closed_ && bytes <= bytes_max_) {
    waiting_.add(line, now);
    return true;
  }
  closed_ = true;
  if (lost_++ > 0) return true;
  lost_from_ = now;
  return false;
}

TimedLines LineBuffer::take() {
  const MutexLock lock(mutex_);
  TimedLines taken = std::exchange(waiting_, TimedLines{});
  taken.whole_until = lost_from_;
  return taken;
}

void LineBuffer::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
}

std::uint64_t LineBuffer::lost() const {
  const MutexLock lock(mutex_);
  return lost_;
}

void merge_lines(std::span<TimedLines> threads, LineTime until, std::string& out) {
  struct Place {
    std::size_t line = 0, byte = 0;
  };
  std::vector<Place> places(threads.size());
  for (;;) {
    std::size_t first = threads.size();
    for (std::size_t i = 0; i < threads.size(); ++i) {
      const auto& lines = threads[i].lines;
      if (places[i].line == lines.size() || lines[places[i].line].added >= until) continue;
      if (first == threads.size() || lines[places[i].line].added < threads[first].lines[places[first].line].added) {
        first = i;
      }
    }
    if (first == threads.size()) break;
    Place& place = places[first];
    const std::size_t bytes = threads[first].lines[place.line++].bytes;
    out.append(threads[first].text, place.byte, bytes);
    place.byte += bytes;
  }
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i].text.erase(0, places[i].byte);
    threads[i].lines.erase(threads[i].lines.begin(),
                           threads[i].lines.begin() + static_cast<std::ptrdiff_t>(places[i].line));
  }
}

}  // namespace triggers::swarm
