#include "swarm/stats/statistics.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace triggers::swarm {
namespace {

constexpr double ns_per_ms = 1e6;

std::size_t hash_of(std::string_view method, std::string_view name, std::string_view error) noexcept {
  constexpr std::size_t odd = 0x9e3779b97f4a7c15;
  std::size_t hash = 0;
  for (const std::string_view part : {method, name, error}) hash = hash * odd + std::hash<std::string_view>{}(part);
  return hash;
}

/// Truncates a text of a server between two UTF-8 characters.
std::string_view bounded(std::string_view text) {
  if (text.size() <= Statistics::error_bytes_max) return text;
  std::size_t size = Statistics::error_bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

void Entry::add(const Sample& sample) {
  // Divide instead of multiplying by the inverse: 17'809'000 ns must become the double 17.809.
  const double ms = static_cast<double>(sample.latency.count()) / ns_per_ms;
  const auto second = static_cast<std::int64_t>(sample.finished);
  response_ms_min = requests == 0 ? ms : std::min(response_ms_min, ms);
  response_ms_max = std::max(response_ms_max, ms);
  response_ms_total += ms;
  ++requests;
  accepted += sample.accepted;
  content_bytes_total += sample.content_bytes;
  last_finished = last_finished ? std::max(*last_finished, sample.finished) : sample.finished;
  latencies.add(sample.latency);
  locust_times.add(ms);
  requests_by_second.add(second, 1);
  if (sample.failed) {
    ++failures;
    failures_by_second.add(second, 1);
  }
}

void Entry::merge(const Entry& other) {
  if (other.requests == 0) return;
  response_ms_min = requests == 0 ? other.response_ms_min : std::min(response_ms_min, other.response_ms_min);
  response_ms_max = std::max(response_ms_max, other.response_ms_max);
  response_ms_total += other.response_ms_total;
  requests += other.requests;
  failures += other.failures;
  accepted += other.accepted;
  content_bytes_total += other.content_bytes_total;
  if (!last_finished || (other.last_finished && *last_finished < *other.last_finished)) {
    last_finished = other.last_finished;
  }
  latencies.merge(other.latencies);
  locust_times.merge(other.locust_times);
  requests_by_second.merge(other.requests_by_second);
  failures_by_second.merge(other.failures_by_second);
}

double Entry::latency_ms(double quantile) const {
  const double ms = static_cast<double>(latencies.quantile(quantile).count()) / ns_per_ms;
  return std::min(std::max(ms, response_ms_min), response_ms_max);
}

double Entry::response_ms_mean() const noexcept {
  return requests == 0 ? 0 : response_ms_total / static_cast<double>(requests);
}

void Statistics::record_failure(RequestName name, const std::string& error, EpochSeconds when) {
  Failure& failure = failure_of(name.method(), name.name(), error, when);
  ++failure.occurrences;
  failure.first_seen = std::min(failure.first_seen, when);
  failure.last_seen = std::max(failure.last_seen, when);
}

void Statistics::record_exception(const std::string& message, const std::string& traceback) {
  ++exception_of(message, traceback).count;
}

void Statistics::record_cut_off(RequestName name, std::chrono::nanoseconds age) {
  if (name.index() >= cut_off_.size()) cut_off_.resize(name.index() + 1);
  cut_off_[name.index()].add(age);
}

Failure& Statistics::failure_of(std::string_view method, std::string_view name, std::string_view error,
                                EpochSeconds when) {
  error = bounded(error);
  const std::size_t hash = hash_of(method, name, error);
  for (auto [at, end] = failures_by_hash_.equal_range(hash); at != end; ++at) {
    Failure& known = failures_[at->second];
    if (known.error == error && known.name == name && known.method == method) return known;
  }
  if (failures_.size() >= distinct_errors_max && error != other_errors) {
    return failure_of(method, name, other_errors, when);
  }
  failures_by_hash_.emplace(hash, failures_.size());
  return failures_.emplace_back(Failure{std::string(method), std::string(name), std::string(error), 0, when, when});
}

Exception& Statistics::exception_of(std::string_view message, std::string_view traceback) {
  message = bounded(message);
  traceback = bounded(traceback);
  const auto known = std::find_if(exceptions_.begin(), exceptions_.end(), [&](const Exception& one) {
    return one.message == message && one.traceback == traceback;
  });
  if (known != exceptions_.end()) return *known;
  if (exceptions_.size() >= distinct_errors_max && message != other_errors) return exception_of(other_errors, "");
  return exceptions_.emplace_back(Exception{std::string(message), std::string(traceback), 0});
}

void Statistics::merge(const Statistics& newer) {
  if (entries_.size() < newer.entries_.size()) entries_.resize(newer.entries_.size());
  for (std::size_t i = 0; i < newer.entries_.size(); ++i) entries_[i].merge(newer.entries_[i]);
  if (cut_off_.size() < newer.cut_off_.size()) cut_off_.resize(newer.cut_off_.size());
  for (std::size_t i = 0; i < newer.cut_off_.size(); ++i) cut_off_[i].merge(newer.cut_off_[i]);
  for (const Failure& theirs : newer.failures_) {
    Failure& ours = failure_of(theirs.method, theirs.name, theirs.error, theirs.first_seen);
    ours.occurrences += theirs.occurrences;
    ours.first_seen = std::min(ours.first_seen, theirs.first_seen);
    ours.last_seen = std::max(ours.last_seen, theirs.last_seen);
  }
  for (const Exception& theirs : newer.exceptions_) {
    exception_of(theirs.message, theirs.traceback).count += theirs.count;
  }
  metrics_.merge(newer.metrics_);
}

const Entry* Statistics::find(RequestName name) const noexcept {
  const std::size_t index = name.index();
  return index < entries_.size() && entries_[index].requests > 0 ? &entries_[index] : nullptr;
}

std::vector<Statistics::Row> Statistics::rows() const {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].requests == 0) continue;
    const RequestName request = RequestName::at(i);
    rows.push_back({request.method(), request.name(), &entries_[i], request.is_limited()});
  }
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return std::tie(a.name, a.method) < std::tie(b.name, b.method); });
  return rows;
}

Entry Statistics::aggregated() const {
  Entry all;
  for (const Entry& entry : entries_) all.merge(entry);
  return all;
}

std::vector<Statistics::CutOffRow> Statistics::cut_off_rows() const {
  std::vector<CutOffRow> rows;
  for (std::size_t i = 0; i < cut_off_.size(); ++i) {
    if (cut_off_[i].requests() == 0) continue;
    const RequestName request = RequestName::at(i);
    rows.push_back({request.method(), request.name(), &cut_off_[i]});
  }
  std::sort(rows.begin(), rows.end(), [](const CutOffRow& a, const CutOffRow& b) {
    return std::tie(a.name, a.method) < std::tie(b.name, b.method);
  });
  return rows;
}

CutOff Statistics::cut_off() const {
  CutOff all;
  for (const CutOff& one : cut_off_) all.merge(one);
  return all;
}

std::uint64_t Statistics::limited_requests() const {
  std::uint64_t requests = 0;
  for (const Row& row : rows()) requests += row.limited ? row.entry->requests : 0;
  return requests;
}

}  // namespace triggers::swarm
