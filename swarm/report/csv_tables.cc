#include "swarm/report/csv_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "swarm/report/csv_text.h"
#include "swarm/report/failure_key.h"
#include "swarm/report/python_repr.h"

namespace triggers::swarm {
namespace {

using Fields = std::vector<std::string>;

/// Collects the fields of a line.
Fields& operator+=(Fields& fields, Fields more) {
  std::move(more.begin(), more.end(), std::back_inserter(fields));
  return fields;
}

std::string line(const Fields& fields) {
  std::string text;
  append_csv_line(text, fields);
  return text;
}

Fields percentile_labels() {
  Fields labels;
  for (const auto& reported : locust_percentiles_reported) labels.emplace_back(reported.label);
  return labels;
}

Fields percentiles(const Entry& entry, const LocustTimes& times) {
  Fields fields;
  for (const auto& reported : locust_percentiles_reported) {
    fields.push_back(entry.requests == 0 ? "N/A" : std::to_string(times.percentile(reported.percentile)));
  }
  return fields;
}

/// Python's `x or 0`: a zero becomes an integer.
std::string repr_or_0(double value) { return value == 0 ? "0" : python_repr(value); }

/// Locust's buckets below 100 ms are integers, all other numbers are floats.
std::string median(const Entry& entry) {
  const double median = entry.locust_times.median(entry.response_ms_min, entry.response_ms_max);
  return median < 100 && median == std::trunc(median) ? fmt::format("{:.0f}", median) : python_repr(median);
}

Fields counts_and_times(const Entry& entry) {
  const auto requests = static_cast<double>(entry.requests);
  return {std::to_string(entry.requests),
          std::to_string(entry.failures),
          median(entry),
          python_repr(entry.response_ms_mean()),
          repr_or_0(entry.response_ms_min),
          repr_or_0(entry.response_ms_max),
          entry.requests == 0 ? "0" : python_repr(static_cast<double>(entry.content_bytes_total) / requests)};
}

}  // namespace

std::string stats_csv(const LocustRows& rows) {
  Fields header{"Type",
                "Name",
                "Request Count",
                "Failure Count",
                "Median Response Time",
                "Average Response Time",
                "Min Response Time",
                "Max Response Time",
                "Average Content Size",
                "Requests/s",
                "Failures/s"};
  header += percentile_labels();
  std::string text = line(header);
  const auto append = [&](const Statistics::Row& row) {
    const Rates rates = rows.total(*row.entry);
    Fields fields{row.method, row.name};
    fields += counts_and_times(*row.entry);
    fields += {python_repr(rates.requests_per_second), python_repr(rates.failures_per_second)};
    fields += percentiles(*row.entry, row.entry->locust_times);
    text += line(fields);
  };
  for (const auto& row : rows.names()) append(row);
  append(rows.aggregated());
  return text;
}

std::string failures_csv(const Statistics& statistics) {
  std::vector<std::pair<std::string, const Failure*>> sorted;
  for (const Failure& failure : statistics.failures()) sorted.emplace_back(failure_key(failure), &failure);
  std::sort(sorted.begin(), sorted.end());
  std::string text = line({"Method", "Name", "Error", "Occurrences"});
  for (const auto& [key, failure] : sorted) {
    text += line({failure->method, failure->name, failure->error, std::to_string(failure->occurrences)});
  }
  return text;
}

std::string exceptions_csv(const Statistics& statistics) {
  std::string text = line({"Count", "Message", "Traceback", "Nodes"});
  for (const Exception& exception : statistics.exceptions()) {
    text += line({std::to_string(exception.count), exception.message, exception.traceback, "local"});
  }
  return text;
}

std::string history_csv_header() {
  Fields header{"Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"};
  header += percentile_labels();
  header += {"Total Request Count",         "Total Failure Count",     "Total Median Response Time",
             "Total Average Response Time", "Total Min Response Time", "Total Max Response Time",
             "Total Average Content Size"};
  return line(header);
}

std::string history_csv_rows(const LocustRows& rows, std::size_t users, EpochSeconds now, const RecentTimes* recent) {
  std::string text;
  const auto append = [&](const Statistics::Row& row) {
    const Entry& entry = *row.entry;
    const Rates rates = rows.current(entry);
    Fields fields{std::to_string(static_cast<std::int64_t>(now)),
                  std::to_string(users),
                  row.method,
                  row.name,
                  fmt::format("{:.6f}", rates.requests_per_second),
                  fmt::format("{:.6f}", rates.failures_per_second)};
    fields += percentiles(entry, recent == nullptr ? entry.locust_times : recent->recent(row, now));
    fields += counts_and_times(entry);
    text += line(fields);
  };
  if (recent != nullptr) {
    for (const auto& row : rows.names()) append(row);
  }
  append(rows.aggregated());
  return text;
}

}  // namespace triggers::swarm
