#include "swarm/web/locust_json.h"

#include <algorithm>
#include <numeric>

#include "base/timestamp.h"
#include "swarm/report/html_text.h"
#include "swarm/report/json_writer.h"
#include "swarm/report/locust_rows.h"
#include "swarm/web/chart_json.h"
#include "swarm/web/recent_figures.h"

namespace triggers::swarm {
namespace {

double ms_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

double share(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

void write_row(JsonWriter& json, const Statistics::Row& row, const LocustRows& rows) {
  const Entry& entry = *row.entry;
  const Rates now = rows.current(entry), total = rows.total(entry);
  json.begin_object();
  json.member("method", row.method);
  json.member("name", row.name);
  json.member("safe_name", html_escape(row.name));
  json.member("num_requests", entry.requests);
  json.member("num_failures", entry.failures);
  json.member("avg_response_time", entry.response_ms_mean());
  json.member("min_response_time", entry.response_ms_min);
  json.member("max_response_time", entry.response_ms_max);
  json.member("median_response_time", entry.latency_ms(0.5));
  json.member("current_rps", now.requests_per_second);
  json.member("current_fail_per_sec", now.failures_per_second);
  json.member("total_rps", total.requests_per_second);
  json.member("total_fail_per_sec", total.failures_per_second);
  json.member("ninetieth_response_time", entry.latency_ms(0.9));
  json.member("ninety_ninth_response_time", entry.latency_ms(0.99));
  json.member("response_time_percentile_0.5", entry.latency_ms(0.5));
  json.member("response_time_percentile_0.9", entry.latency_ms(0.9));
  json.member("response_time_percentile_0.95", entry.latency_ms(0.95));
  json.member("response_time_percentile_0.99", entry.latency_ms(0.99));
  json.member("response_time_percentile_0.999", entry.latency_ms(0.999));
  json.member("avg_content_length", share(entry.content_bytes_total, entry.requests));
  json.end_object();
}

void write_errors(JsonWriter& json, const Statistics& statistics) {
  json.key("errors");
  json.begin_array();
  for (const Failure& failure : statistics.failures()) {
    json.begin_object();
    json.member("method", failure.method);
    json.member("name", failure.name);
    json.member("error", failure.error);
    json.member("occurrences", failure.occurrences);
    json.member("first_seen", failure.first_seen);
    json.member("last_seen", failure.last_seen);
    json.end_object();
  }
  json.end_array();
}

void write_totals(JsonWriter& json, const TestView& view, const LocustRows& rows) {
  const Entry& all = *rows.aggregated().entry;
  const Rates now = rows.current(all), total = rows.total(all);
  json.member("current_rps", now.requests_per_second);
  json.member("current_fail_per_sec", now.failures_per_second);
  json.member("total_rps", total.requests_per_second);
  json.member("total_fail_per_sec", total.failures_per_second);
  json.member("total_avg_response_time", all.response_ms_mean());
  json.member("fail_ratio", share(all.failures, all.requests));
  const RecentFigures recent = view.report == nullptr ? RecentFigures{} : recent_figures(*view.report->history);
  json.member("current_response_time_percentile_50", recent.p50_ms);
  json.member("current_response_time_percentile_95", recent.p95_ms);
  json.key("current_response_time_percentiles");
  json.begin_object();
  json.member("response_time_percentile_0.5", recent.p50_ms);
  json.member("response_time_percentile_0.95", recent.p95_ms);
  json.member("response_time_percentile_0.99", recent.p99_ms);
  json.end_object();
}

std::string when(EpochSeconds time) {
  return format_timestamp(UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(time * 1000)}});
}

void write_point(JsonWriter& json, const History::Point& point) {
  const std::string time = when(point.from + point.seconds);
  const auto pair = [&](std::string_view name, double value) {
    json.key(name);
    json.begin_array();
    json.value(time);
    json.value(value);
    json.end_array();
  };
  const auto rate = [&](std::uint64_t count) {
    return point.seconds > 0 ? static_cast<double>(count) / point.seconds : 0;
  };
  json.begin_object();
  json.member("time", time);
  pair("current_rps", rate(point.requests));
  pair("current_fail_per_sec", rate(point.failures));
  pair("response_time_percentile_0.5", ms_of(point.latencies.quantile(0.5)));
  pair("response_time_percentile_0.95", ms_of(point.latencies.quantile(0.95)));
  pair("response_time_percentile_0.99", ms_of(point.latencies.quantile(0.99)));
  pair("user_count", static_cast<double>(point.users));
  json.end_object();
}

double weight_of(const UserClass& one) { return one.fixed() > 0 ? 0 : one.weight(); }

/// Of all users, by class: as they run now, or as they would without any.
std::vector<double> shares_of(const TestView& view, const std::vector<const UserClass*>& classes, std::size_t planned) {
  std::vector<double> shares(classes.size(), 0);
  const bool running = view.report != nullptr && view.users > 0;
  if (running) {
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto& names = view.report->user_classes;
      const auto at =
          static_cast<std::size_t>(std::find(names.begin(), names.end(), classes[i]->name()) - names.begin());
      if (at < view.report->users.size()) shares[i] = static_cast<double>(view.report->users[at]);
    }
  } else {
    std::size_t fixed = 0;
    double weights = 0;
    for (const UserClass* one : classes) fixed += one->fixed(), weights += weight_of(*one);
    const double others = static_cast<double>(std::max(planned, fixed) - fixed);
    for (std::size_t i = 0; i < classes.size(); ++i) {
      shares[i] = classes[i]->fixed() > 0 ? static_cast<double>(classes[i]->fixed())
                                          : (weights > 0 ? others * weight_of(*classes[i]) / weights : 0);
    }
  }
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& one : shares) one = sum > 0 ? one / sum : 0;
  return shares;
}

void write_ratios(JsonWriter& json, const std::vector<const UserClass*>& classes, const std::vector<double>& shares,
                  bool of_total) {
  json.begin_object();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    double weights = 0;
    for (const auto& task : classes[i]->tasks()) weights += task.weight;
    json.key(classes[i]->name());
    json.begin_object();
    json.member("ratio", shares[i]);
    json.key("tasks");
    json.begin_object();
    for (const auto& task : classes[i]->tasks()) {
      json.key(task.name);
      json.begin_object();
      json.member("ratio", (weights > 0 ? task.weight / weights : 0) * (of_total ? shares[i] : 1));
      json.end_object();
    }
    json.end_object();
    json.end_object();
  }
  json.end_object();
}

void write_names(JsonWriter& json, std::string_view key, const std::vector<const UserClass*>& classes) {
  json.key(key);
  json.begin_array();
  for (const UserClass* one : classes) json.value(one->name());
  json.end_array();
}

void write_classes(JsonWriter& json, const std::vector<const UserClass*>& classes) {
  json.key("available_user_tasks");
  json.begin_object();
  for (const UserClass* one : classes) {
    json.key(one->name());
    json.begin_array();
    for (const auto& task : one->tasks()) json.value(task.name);
    json.end_array();
  }
  json.end_object();
  json.key("users");
  json.begin_object();
  for (const UserClass* one : classes) {
    json.key(one->name());
    json.begin_object();
    json.key("host");
    json.null();
    json.member("weight", one->weight());
    json.member("fixed_count", one->fixed());
    json.key("tasks");
    json.begin_array();
    for (const auto& task : one->tasks()) json.value(task.name);
    json.end_array();
    json.end_object();
  }
  json.end_object();
}

void write_texts(JsonWriter& json, std::string_view key, std::initializer_list<std::string_view> texts) {
  json.key(key);
  json.begin_array();
  for (const auto text : texts) json.value(text);
  json.end_array();
}

void write_truth(JsonWriter& json, std::string_view key, bool is) {
  json.key(key);
  json.truth(is);
}

}  // namespace

std::string stats_json(const TestView& view) {
  const Statistics nothing;
  const Statistics& statistics = view.report == nullptr ? nothing : *view.report->statistics;
  const LocustRows rows(statistics);
  JsonWriter json;
  json.begin_object();
  json.key("stats");
  json.begin_array();
  std::size_t written = 0;
  for (const auto& row : rows.names()) {
    if (written++ == stats_rows_max) break;
    write_row(json, row, rows);
  }
  write_row(json, rows.aggregated(), rows);
  json.end_array();
  write_errors(json, statistics);
  write_totals(json, view, rows);
  json.member("state", state_name(view.state));
  json.member("user_count", view.users);
  json.key("workers");
  json.begin_array();
  json.end_array();
  json.member("worker_count", std::uint64_t{0});
  json.member("test", view.test);
  write_recent_points(json, view);
  json.member("elapsed_seconds", view.report == nullptr ? 0.0 : view.report->ended - view.report->started);
  json.key("warnings");
  json.begin_array();
  if (view.report != nullptr) {
    for (const std::string& warning : view.report->warnings) json.value(warning);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

std::string exceptions_json(const TestView& view) {
  JsonWriter json;
  json.begin_object();
  json.key("exceptions");
  json.begin_array();
  if (view.report != nullptr) {
    for (const Exception& exception : view.report->statistics->exceptions()) {
      json.begin_object();
      json.member("count", exception.count);
      json.member("msg", exception.message);
      json.member("traceback", exception.traceback);
      json.member("nodes", std::string_view{"local"});
      json.end_object();
    }
  }
  json.end_array();
  json.end_object();
  return json.take();
}

std::string tasks_json(const TestView& view, const TestSettings& settings) {
  const auto shares = shares_of(view, settings.chosen, settings.users.value_or(1));
  JsonWriter json;
  json.begin_object();
  json.key("per_class");
  write_ratios(json, settings.chosen, shares, false);
  json.key("total");
  write_ratios(json, settings.chosen, shares, true);
  json.end_object();
  return json.take();
}

std::string logs_json(const std::vector<std::string>& lines) {
  JsonWriter json;
  json.begin_object();
  json.key("master");
  json.begin_array();
  for (const std::string& line : lines) json.value(line);
  json.end_array();
  json.key("workers");
  json.begin_object();
  json.end_object();
  json.end_object();
  return json.take();
}

std::string template_args_json(const TestView& view, const TestSettings& settings) {
  JsonWriter json;
  json.begin_object();
  json.member("locustfile", std::string_view{"swarm"});
  json.member("state", state_name(view.state));
  json.member("user_count", view.users);
  json.member("version", std::string_view{TRIGGERS_VERSION});
  json.member("host", settings.host);
  json.member("num_users", settings.users.value_or(1));
  json.member("spawn_rate", settings.spawn_rate.value_or(1));
  json.key("run_time");
  if (settings.run_time.count() > 0) {
    json.value(std::to_string(settings.run_time.count()) + "s");
  } else {
    json.null();
  }
  json.member("worker_count", std::uint64_t{0});
  write_truth(json, "is_distributed", false);
  write_truth(json, "is_host_required", settings.host.empty());
  write_truth(json, "hide_common_options", false);
  write_truth(json, "shape_use_common_options", false);
  write_truth(json, "stats_history_enabled", false);
  write_truth(json, "show_userclass_picker", settings.picks_classes);
  write_truth(json, "load_is_fixed", settings.load_is_fixed);
  write_truth(json, "can_start", settings.can_start);
  for (const auto* const absent : {"override_host_warning", "missing_host_warning"}) write_truth(json, absent, false);
  json.key("profile");
  json.null();
  for (const auto* const empty : {"extra_options", "tasks"}) {
    json.key(empty);
    json.begin_object();
    json.end_object();
  }
  write_names(json, "available_user_classes", settings.classes);
  write_names(json, "chosen_user_classes", settings.chosen);
  write_texts(json, "available_shape_classes", {"Default"});
  write_classes(json, settings.classes);
  json.key("percentiles_to_chart");
  json.begin_array();
  for (const double one : {0.5, 0.95, 0.99}) json.value(one);
  json.end_array();
  json.key("percentiles_to_statistics");
  json.begin_array();
  for (const double one : {0.95, 0.99}) json.value(one);
  json.end_array();
  json.key("history");
  json.begin_array();
  if (view.report != nullptr) {
    for (const auto& point : view.report->history->points()) write_point(json, point);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace triggers::swarm
