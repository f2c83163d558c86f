#include "swarm/report/json_report.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/timestamp.h"
#include "swarm/report/generator_limits.h"
#include "swarm/report/json_writer.h"
#include "swarm/report/stalled.h"

namespace triggers::swarm {
namespace {

std::string timestamp(EpochSeconds when) {
  return format_timestamp(UnixMillis{std::chrono::milliseconds{std::llround(when * 1000)}});
}

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

void write_latency(JsonWriter& json, const Entry& entry) {
  struct Percentile {
    double quantile;
    std::string_view name;
  };
  constexpr std::array<Percentile, 7> percentiles{
      {{0.5, "p50"}, {0.75, "p75"}, {0.9, "p90"}, {0.95, "p95"}, {0.99, "p99"}, {0.999, "p99.9"}, {0.9999, "p99.99"}}};
  json.key("latency_ms");
  if (entry.requests == 0) return json.null();
  json.begin_object();
  json.member("min", entry.response_ms_min);
  json.member("mean", entry.response_ms_mean());
  for (const auto& [quantile, name] : percentiles) json.member(name, entry.latency_ms(quantile));
  json.member("max", entry.response_ms_max);
  json.end_object();
}

struct Basis {
  Entry aggregated;
  double seconds;  // until the end of the test, not until the last response: a stall at the end counts too
};

void write_figures(JsonWriter& json, const Entry& entry, std::uint64_t rate_limited, const Basis& basis) {
  const Rates rates = rates_over(entry, basis.seconds);
  json.member("requests", entry.requests);
  json.member("failures", entry.failures);
  json.member("accepted", entry.accepted);
  json.member("rate_limited", rate_limited);
  json.member("requests_per_second", rates.requests_per_second);
  json.member("failures_per_second", rates.failures_per_second);
  json.member("accepted_per_second", accepted_per_second(entry, basis.seconds));
  write_latency(json, entry);
}

/// Requests before the count began. No other figure includes them.
void write_warm_up(JsonWriter& json, const RunReport& report) {
  json.key("warm_up");
  json.begin_object();
  json.member("seconds", static_cast<std::uint64_t>(report.warm_up.count()));
  json.member("requests", report.uncounted.requests);
  json.member("failures", report.uncounted.failures);
  json.member("accepted", report.uncounted.accepted);
  json.end_object();
}

void write_lateness(JsonWriter& json, std::string_view key, const Histogram& lateness) {
  json.key(key);
  json.begin_object();
  json.member("p50", milliseconds(lateness.quantile(0.5)));
  json.member("p99", milliseconds(lateness.quantile(0.99)));
  json.member("max", milliseconds(lateness.quantile(1)));
  json.end_object();
}

void write_schedule(JsonWriter& json, const RunReport& report) {
  json.key("schedule");
  if (!report.rate) return json.null();
  const Schedule& schedule = report.schedule;
  json.begin_object();
  json.member("arrivals", schedule.arrivals);
  json.member("waited_for_user", schedule.waited_for_user);
  json.member("behind", schedule.behind);
  json.member("unsent", schedule.unsent);
  json.member("unsent_without_user", schedule.unsent_without_user);
  json.member("unsent_behind", schedule.unsent_behind);
  json.member("unfinished", schedule.unfinished);
  json.member("unconnected_users", schedule.unconnected);
  json.member("preparation_seconds", seconds(report.preparation));
  write_lateness(json, "lateness_ms", schedule.lateness);
  write_lateness(json, "generator_lateness_ms", schedule.own_lateness);
  json.end_object();
}

/// What limited the generator itself.
void write_generator(JsonWriter& json, const RunReport& report) {
  json.key("generator");
  json.begin_object();
  json.key("limits");
  json.begin_array();
  for (const GeneratorLimit& limit : generator_limits(report)) json.value(limit.name);
  json.end_array();
  json.member("processor_wait", report.processor_wait);
  json.member("page_faults", report.page_faults);
  json.key("failed_for_lack_of");
  json.begin_object();
  json.member("memory", report.shortages.memory);
  json.member("ports", report.shortages.ports);
  json.member("descriptors", report.shortages.descriptors);
  json.end_object();
  json.key("journal");
  json.begin_object();
  json.member("lost_lines", report.journal.lost_lines);
  json.member("longest_wait_ms", milliseconds(report.journal.longest_wait));
  json.end_object();
  json.end_object();
}

void write_text_or_null(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

/// Requests that were in flight when their users were stopped. Only the schedule's figures include them otherwise.
void write_cut_off(JsonWriter& json, const RunReport& report) {
  const Statistics& statistics = *report.statistics;
  const Selection selection = select(statistics);
  const CutOff& all = selection.cut_off;
  const Stalled stalled = stalled_of(selection, report);
  json.key("cut_off");
  json.begin_object();
  json.member("requests", all.requests());
  json.member("oldest_ms", milliseconds(all.oldest));
  json.key("stalled");
  json.begin_object();
  json.member("limit_ms", milliseconds(stalled.limit));
  json.member("requests", stalled.requests);
  json.member("missing", stalled.missing);
  json.member("error_rate_percent", error_rate_with(stalled, selection.ended));
  json.end_object();
  json.key("names");
  json.begin_array();
  for (const auto& row : statistics.cut_off_rows()) {
    json.begin_object();
    json.member("method", row.method);
    json.member("name", row.name);
    json.member("requests", row.cut_off->requests());
    json.member("oldest_ms", milliseconds(row.cut_off->oldest));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_run(JsonWriter& json, const RunReport& report) {
  const double run_seconds = report.ended - report.started;
  json.begin_object();
  json.member("host", report.host);
  json.key("user_classes");
  json.begin_array();
  for (const auto& name : report.user_classes) json.value(name);
  json.end_array();
  json.key("users");
  json.begin_object();
  for (std::size_t i = 0; i < report.user_classes.size() && i < report.users.size(); ++i) {
    json.member(report.user_classes[i], static_cast<std::uint64_t>(report.users[i]));
  }
  json.end_object();
  json.member("started", timestamp(report.started));
  json.member("ended", timestamp(report.ended));
  json.member("seconds", run_seconds);
  json.member("model", std::string_view(report.rate ? "open" : "closed"));
  json.key("rate");
  if (report.rate) {
    json.value(*report.rate);
  } else {
    json.null();
  }
  write_text_or_null(json, "arrivals", !report.rate ? "" : report.poisson ? "poisson" : "constant");
  write_text_or_null(json, "stages", report.stages);
  json.key("iterations");
  if (report.iterations) {
    json.value(*report.iterations);
  } else {
    json.null();
  }
  write_warm_up(json, report);
  write_schedule(json, report);
  write_cut_off(json, report);
  json.key("cpu");
  json.begin_object();
  json.member("seconds", seconds(report.processor_time));
  json.member("cores", run_seconds > 0 ? seconds(report.processor_time) / run_seconds : 0);
  json.member("busiest_thread", report.busiest_thread);
  json.end_object();
  write_generator(json, report);
  json.key("warnings");
  json.begin_array();
  for (const auto& warning : report.warnings) json.value(warning);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string render_json(const RunReport& report) {
  const Statistics& statistics = *report.statistics;
  const Basis basis{statistics.aggregated(), report.ended - statistics.start()};
  JsonWriter json;
  json.begin_object();
  json.key("run");
  write_run(json, report);
  json.key("total");
  json.begin_object();
  write_figures(json, basis.aggregated, statistics.limited_requests(), basis);
  json.end_object();
  json.key("names");
  json.begin_array();
  for (const auto& row : statistics.rows()) {
    json.begin_object();
    json.member("method", row.method);
    json.member("name", row.name);
    write_figures(json, *row.entry, row.limited ? row.entry->requests : 0, basis);
    json.end_object();
  }
  json.end_array();
  json.key("failures");
  json.begin_array();
  for (const Failure& failure : statistics.failures()) {
    json.begin_object();
    json.member("method", failure.method);
    json.member("name", failure.name);
    json.member("error", failure.error);
    json.member("occurrences", failure.occurrences);
    json.member("first_seen", timestamp(failure.first_seen));
    json.member("last_seen", timestamp(failure.last_seen));
    json.end_object();
  }
  json.end_array();
  json.key("exceptions");
  json.begin_array();
  for (const Exception& exception : statistics.exceptions()) {
    json.begin_object();
    json.member("message", exception.message);
    json.member("traceback", exception.traceback);
    json.member("count", exception.count);
    json.end_object();
  }
  json.end_array();
  json.key("metrics");
  json.begin_array();
  for (const auto& [name, metric] : statistics.metrics().all()) {
    json.begin_object();
    json.member("name", name);
    json.member("count", metric.count);
    json.member("mean", metric.mean());
    json.member("min", metric.least);
    json.member("max", metric.most);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace triggers::swarm
