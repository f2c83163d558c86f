#include "send_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "output.h"

namespace triggers {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t refusals_listed_max = 20;
constexpr std::chrono::milliseconds between_shows{200};

/// `12,345,678`.
std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string_view status_name(LineResult::Status status) {
  switch (status) {
    case LineResult::Status::accepted: return "accepted";
    case LineResult::Status::duplicate: return "duplicate";
    case LineResult::Status::refused:
    case LineResult::Status::unsettled: break;
  }
  return "error";
}

}  // namespace

SendReport::SendReport(Options options)
    : options_(std::move(options)),
      shows_progress_(::isatty(STDERR_FILENO) == 1 && ::isatty(STDIN_FILENO) != 1),
      prints_results_(options_.as_json || !shows_progress_ || ::isatty(STDOUT_FILENO) != 1),
      begun_(steady_clock::now()) {}

SendReport::~SendReport() {
  if (refused_file_ != nullptr) std::fclose(refused_file_);
}

Result<std::unique_ptr<SendReport>> SendReport::create(Options options) {
  std::unique_ptr<SendReport> report(new SendReport(std::move(options)));
  const std::string& path = report->options_.refused_path;
  if (!path.empty()) {
    report->refused_file_ = std::fopen(path.c_str(), "ae");
    if (report->refused_file_ == nullptr) {
      return Error{ErrorCode::invalid_argument,
                   "cannot write to " + path + ": " + std::generic_category().message(errno)};
    }
  }
  return report;
}

void SendReport::add(std::uint64_t number, std::string_view line, const LineResult& result) {
  announced_ = false;
  if (prints_results_) print_result(number, result);
  switch (result.status) {
    case LineResult::Status::accepted: ++accepted_; return;
    case LineResult::Status::duplicate: ++duplicates_; return;
    case LineResult::Status::refused:
    case LineResult::Status::unsettled: break;
  }
  ++refused_;
  print_refusal(number, result);
  if (refused_file_ == nullptr || line.empty()) return;
  std::fwrite(line.data(), 1, line.size(), refused_file_);
  if (line.back() != '\n') std::fputc('\n', refused_file_);
}

void SendReport::print_result(std::uint64_t number, const LineResult& result) {
  std::string text;
  if (options_.as_json) {
    text = fmt::format("{{\"line\":{},{}\n", number, std::string_view(result.json).substr(1));
  } else if (result.event_id.empty()) {
    text = fmt::format("{}\terror\t{}\t{}\n", number, result.error_code, result.message);
  } else {
    text = fmt::format("{}\t{}\t{}\n", number, status_name(result.status), result.event_id);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void SendReport::print_refusal(std::uint64_t number, const LineResult& result) {
  if (refused_ > refusals_listed_max) return;
  say(fmt::format("line {} is refused: {}", number, result.message));
  if (refused_ == refusals_listed_max) say("more refused lines are not listed here");
}

void SendReport::waiting(std::uint64_t number, const std::string& why, std::chrono::milliseconds wait, bool asked) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  if (shows_progress_) return show(fmt::format("{}; waiting {} s at line {}: {}", counts(), seconds, number, why));
  if (asked || announced_) return;
  announced_ = true;
  say(fmt::format("line {}: {}; trying again", number, why));
}

std::string SendReport::counts() const {
  return fmt::format("{} accepted, {} duplicates, {} refused", with_commas(accepted_), with_commas(duplicates_),
                     with_commas(refused_));
}

void SendReport::progress(std::uint64_t bytes_read) {
  const auto now = steady_clock::now();
  if (!shows_progress_ || now - shown_at_ < between_shows) return;
  shown_at_ = now;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const auto sent = static_cast<double>(accepted_ + duplicates_ + refused_);
  std::string text = fmt::format("{}, {} a second", counts(), with_commas(static_cast<std::uint64_t>(sent / seconds)));
  // The input may grow while it is read.
  if (options_.input_bytes > 0 && bytes_read <= options_.input_bytes) {
    text += fmt::format(", {} %", bytes_read * 100 / options_.input_bytes);
  }
  show(text);
}

void SendReport::show(const std::string& text) {
  constexpr std::size_t columns_max = 200;  // A longer line would wrap, and could not be written over.
  std::fprintf(stderr, "\r%s\033[K", text.substr(0, columns_max).c_str());
  std::fflush(stderr);
  stands_ = true;
}

void SendReport::say(const std::string& text) {
  std::fprintf(stderr, "%striggers: %s\n", stands_ ? "\r\033[K" : "", text.c_str());
  stands_ = false;
}

Status SendReport::flush() {
  if (!flush_output()) return Error{ErrorCode::unavailable, "cannot write to standard output"};
  if (refused_file_ == nullptr) return Done{};
  const bool written = std::fflush(refused_file_) == 0 && std::ferror(refused_file_) == 0;
  return written ? Status{Done{}} : Error{ErrorCode::unavailable, "cannot write to " + options_.refused_path};
}

void SendReport::summary() {
  if (shows_progress_ || refused_ > 0) say(counts());
}

}  // namespace triggers
