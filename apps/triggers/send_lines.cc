#include "send_lines.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace triggers {
namespace {

using std::chrono::steady_clock;

/// How long a line waits for others.
constexpr std::chrono::milliseconds linger{200};

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// Later results of the same batch, for those lines that were not settled before. A line that was stored before its
/// batch was repeated is a duplicate now.
void merge(std::vector<LineResult>& results, std::vector<LineResult> later) {
  if (results.empty()) {
    results = std::move(later);
    return;
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].status == LineResult::Status::unsettled) results[i] = std::move(later[i]);
  }
}

bool has_unsettled(const std::vector<LineResult>& results) {
  return std::ranges::find(results, LineResult::Status::unsettled, &LineResult::status) != results.end();
}

}  // namespace

std::optional<Stop> LineSender::run() {
  next_line_ = options_.from_line;
  for (;;) {
    const Filled filled = fill();
    if (!batch_.empty()) {
      if (auto stopped = deliver(batch_.all())) return stopped;
      batch_.clear();
    }
    if (auto stopped = refuse_too_long()) return stopped;
    report_.progress(reader_.bytes_read());
    switch (filled) {
      case Filled::full:
      case Filled::paused: break;
      case Filled::ended: return std::nullopt;
      case Filled::interrupted: return stop("interrupted");
      case Filled::failed: return stop("cannot read standard input: " + reader_.error());
    }
  }
}

/// Reads lines until the batch should be sent.
LineSender::Filled LineSender::fill() {
  if (carried_) batch_ = *std::exchange(carried_, std::nullopt);
  auto deadline = steady_clock::time_point::max();
  for (;;) {
    const bool waits_for_more = !batch_.empty() && !options_.fills_batches;
    if (waits_for_more && deadline == steady_clock::time_point::max()) deadline = steady_clock::now() + linger;
    if (batch_.empty()) client_.release_store();
    Line line;
    switch (reader_.next(deadline, line)) {
      case LineReader::Outcome::line: break;
      case LineReader::Outcome::end: return Filled::ended;
      case LineReader::Outcome::timed_out: return Filled::paused;
      case LineReader::Outcome::interrupted: return Filled::interrupted;
      case LineReader::Outcome::failed: return Filled::failed;
    }
    const bool blank = !line.too_long && is_blank(line.text);
    if (line.number < options_.from_line || blank) continue;
    if (!add(line)) return Filled::full;
  }
}

/// False: the batch takes no more.
bool LineSender::add(const Line& line) {
  if (line.too_long) {
    too_long_ = line;
    return false;
  }
  if (!batch_.has_room(line.text.size(), options_.limits)) {
    carried_.emplace().add(line.number, line.text);
    return false;
  }
  batch_.add(line.number, line.text);
  return batch_.size() < options_.limits.events_max;
}

std::optional<Stop> LineSender::refuse_too_long() {
  if (!too_long_) return std::nullopt;
  const Line line = *std::exchange(too_long_, std::nullopt);
  const std::string message = "the line has " + std::to_string(line.bytes) + " bytes, and a batch at most " +
                              std::to_string(options_.line_bytes_max);
  report_.add(line.number, {}, refused_line("PAYLOAD_TOO_LARGE", message));
  next_line_ = line.number + 1;
  if (const auto flushed = report_.flush(); !flushed) return stop(flushed.error().message);
  return std::nullopt;
}

std::optional<Stop> LineSender::deliver(EventBatch::Range range) {
  std::vector<LineResult> results;
  const auto unfinished = [&](const http::ClientResponse& answer) {
    auto later = batch_results(answer, range.size());
    if (later) merge(results, *std::move(later));
    return has_unsettled(results);
  };
  const auto answer = client_.send(request_of(range), unfinished);
  if (!answer) return stop(answer.error().why);
  return results.empty() ? split_or_refuse(range, *answer) : settle(range, results);
}

/// The answer is not that to a batch. What is too large for the server, or for a proxy in front of it, is sent in
/// halves.
std::optional<Stop> LineSender::split_or_refuse(EventBatch::Range range, const http::ClientResponse& answer) {
  if (answer.status != 413) return stop(problem_of(answer));
  if (range.size() == 1) return settle(range, {refused_line("PAYLOAD_TOO_LARGE", problem_of(answer))});
  options_.limits.bytes_max = std::max<std::size_t>(batch_.text(range).size() / 2, 1);
  const std::size_t middle = range.begin + range.size() / 2;
  auto stopped = deliver({range.begin, middle});
  return stopped ? stopped : deliver({middle, range.end});
}

std::optional<Stop> LineSender::settle(EventBatch::Range range, const std::vector<LineResult>& results) {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    report_.add(batch_.number(i), batch_.text({i, i + 1}), results[i - range.begin]);
  }
  next_line_ = batch_.number(range.end - 1) + 1;
  if (const auto flushed = report_.flush(); !flushed) return stop(flushed.error().message);
  return std::nullopt;
}

http::Request LineSender::request_of(EventBatch::Range range) const {
  http::Request request;
  request.method = http::Method::post;
  request.target = "/events/batch";
  request.headers.add("Content-Type", "application/x-ndjson");
  request.headers.add("Idempotency-Key", options_.key + "/" + std::to_string(batch_.number(range.begin)));
  request.body = batch_.text(range);
  return request;
}

}  // namespace triggers
