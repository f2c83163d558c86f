#include "swarm/gate/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "swarm/report/unended_latencies.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Error not_understood(std::string_view text, const std::string& why) {
  return Error{ErrorCode::invalid_argument,
               fmt::format("--fail-if '{}': {}; for instance 'POST /events p95 > 100ms', 'error-rate > 1%', "
                           "'accepted/s < 1000'",
                           text, why)};
}

/// Removes the number at the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return number;
}

std::string as_text(double value, bool latency, bool rate) {
  if (latency) return fmt::format("{:.3f} ms", value);
  if (rate) return fmt::format("{:.3f} %", value);
  return fmt::format("{:.6g}", value);
}

/// True for rows of the API's endpoints that accept events, including those of rate-limited requests.
bool sends_events(const Statistics::Row& row) {
  constexpr std::string_view post = "POST /events";
  const std::string_view name = row.name;
  return name == post || name.starts_with(std::string{post} + "/") ||
         name == RequestName("POST", post).limited().name();
}

}  // namespace

Result<Condition> Condition::parse(std::string_view text) {
  Condition condition;
  condition.text_ = trimmed(text);
  const std::string_view whole = condition.text_;
  const auto sign = whole.find_first_of("<>");
  if (sign == std::string_view::npos) return not_understood(text, "there is no comparison (<, <=, > or >=)");
  const bool or_equal = whole.substr(sign + 1).starts_with('=');
  if (whole[sign] == '>') {
    condition.comparison_ = or_equal ? Comparison::at_least : Comparison::above;
  } else {
    condition.comparison_ = or_equal ? Comparison::at_most : Comparison::below;
  }

  const std::string_view left = trimmed(whole.substr(0, sign));
  const auto last_blank = left.find_last_of(blanks);
  const auto metric_at = last_blank == std::string_view::npos ? 0 : last_blank + 1;
  condition.name_ = trimmed(left.substr(0, metric_at));
  const std::string metric{left.substr(metric_at)};
  auto with_metric = parse_metric(metric, std::move(condition));
  if (!with_metric) return with_metric;

  std::string_view right = trimmed(std::string_view(with_metric->text_).substr(sign + (or_equal ? 2 : 1)));
  const auto number = take_number(right);
  if (!number || !std::isfinite(*number) || *number < 0)
    return not_understood(text, "a number, 0 or more, is needed after the comparison");
  const std::string_view unit = trimmed(right);
  double factor = 1;
  if (with_metric->is_latency()) {
    if (unit == "us") {
      factor = 0.001;
    } else if (unit == "s") {
      factor = 1000;
    } else if (unit != "ms") {
      return not_understood(text, "a latency needs the unit us, ms or s");
    }
  } else if (with_metric->metric_ == Metric::error_rate) {
    if (unit != "%") return not_understood(text, "the error rate needs the unit %");
  } else if (!unit.empty()) {
    return not_understood(text, fmt::format("'{}' has no unit", metric));
  }
  with_metric->limit_ = *number * factor;
  return with_metric;
}

Result<Condition> Condition::parse_metric(std::string_view name, Condition condition) {
  struct Named {
    std::string_view name;
    Metric metric;
    bool per_second;
  };
  constexpr std::array<Named, 10> all{{{"min", Metric::min, false},
                                       {"mean", Metric::mean, false},
                                       {"max", Metric::max, false},
                                       {"error-rate", Metric::error_rate, false},
                                       {"requests", Metric::requests, false},
                                       {"requests/s", Metric::requests, true},
                                       {"failures", Metric::failures, false},
                                       {"failures/s", Metric::failures, true},
                                       {"accepted", Metric::accepted, false},
                                       {"accepted/s", Metric::accepted, true}}};
  const auto found = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  if (found != all.end()) {
    condition.metric_ = found->metric;
    condition.per_second_ = found->per_second;
    return condition;
  }
  if (name.starts_with('p')) {
    std::string_view digits = name.substr(1);
    const auto percent = take_number(digits);
    if (percent && digits.empty() && *percent > 0 && *percent <= 100) {
      condition.metric_ = Metric::quantile;
      condition.quantile_ = *percent / 100;
      return condition;
    }
  }
  return not_understood(condition.text_, fmt::format("'{}' is not a metric (p95, min, mean, max, error-rate, requests, "
                                                     "failures, accepted, or one of the last three with /s)",
                                                     name));
}

Condition::Measured Condition::find(const RunReport& report) const {
  Measured measured;
  measured.selection = select(*report.statistics, name_);
  for (const auto& row : report.statistics->rows()) {
    const bool named = name_.empty() || row.name == name_;
    measured.known = measured.known || named;
    if (named && sends_events(row)) measured.sends_events = true;
  }
  return measured;
}

Condition::Verdict Condition::evaluate(const RunReport& report) const {
  Measured measured = find(report);
  const Entry& ended = measured.selection.ended;
  const auto cannot = [this](std::string_view why) {
    return Verdict{Verdict::Kind::no_data, fmt::format("{}: {}", text_, why)};
  };
  const std::uint64_t cut_off = measured.selection.cut_off.requests();
  const std::string cut_off_note = cut_off == 0 ? "" : fmt::format(" that ended; {} were cut off", cut_off);
  if (!measured.known && !name_.empty()) return cannot(fmt::format("no request was named '{}'{}", name_, cut_off_note));
  if (ended.requests == 0) return cannot("there was no request" + cut_off_note);
  const double seconds = report.ended - report.statistics->start();
  if (per_second_ && seconds <= 0) return cannot("no time has passed");
  const std::uint64_t accepted = ended.accepted;
  const std::string with_unended = has_ceiling() ? add_unended(measured, report) : "";
  const double value = measure(ended, seconds);
  const bool failed = holds(value);
  if (!failed && measured.sends_events && accepted == 0) {
    return cannot("no event was accepted, so the figures describe only refusals");
  }
  return {
      failed ? Verdict::Kind::failed : Verdict::Kind::passed,
      fmt::format("{}: it is {}{}", text_, as_text(value, is_latency(), metric_ == Metric::error_rate), with_unended)};
}

std::string Condition::add_unended(Measured& measured, const RunReport& report) const {
  using std::chrono::nanoseconds;
  Entry& entry = measured.selection.ended;
  if (is_latency()) {
    const auto limit = std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double, std::milli>(limit_));
    const auto unended = swarm::add_unended(entry, measured.selection.cut_off, report, limit);
    if (unended == 0) return {};
    return fmt::format(", with {} requests that had waited longer than that at the end", unended);
  }
  if (metric_ != Metric::error_rate && metric_ != Metric::failures) return {};
  const Stalled stalled = stalled_of(measured.selection, report);
  if (stalled.requests == 0) return {};
  // A count covers requests that were sent. A share also covers those that a stalled user would have sent.
  const auto added = metric_ == Metric::error_rate ? stalled.missing : stalled.requests;
  entry.requests += added;
  entry.failures += added;
  return fmt::format(", with {} requests that had waited over {:.1f} s without an answer at the end", stalled.requests,
                     std::chrono::duration<double>(stalled.limit).count());
}

double Condition::measure(const Entry& entry, double seconds) const {
  const auto count = [&](std::uint64_t events) { return static_cast<double>(events) / (per_second_ ? seconds : 1); };
  switch (metric_) {
    case Metric::quantile: return entry.latency_ms(quantile_);
    case Metric::min: return entry.response_ms_min;
    case Metric::mean: return entry.response_ms_mean();
    case Metric::max: return entry.response_ms_max;
    case Metric::error_rate: return 100 * static_cast<double>(entry.failures) / static_cast<double>(entry.requests);
    case Metric::requests: return count(entry.requests);
    case Metric::failures: return count(entry.failures);
    case Metric::accepted: return count(entry.accepted);
  }
  return 0;
}

bool Condition::holds(double value) const {
  switch (comparison_) {
    case Comparison::above: return value > limit_;
    case Comparison::at_least: return value >= limit_;
    case Comparison::below: return value < limit_;
    case Comparison::at_most: return value <= limit_;
  }
  return true;
}

}  // namespace triggers::swarm
