#include "swarm/report/html_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>
#include <vector>

#include "swarm/report/html_text.h"

namespace triggers::swarm {
namespace {

struct Quantile {
  double quantile;
  std::string_view label;
};
constexpr std::array<Quantile, 10> quantiles{{{0.5, "p50"},
                                              {0.6, "p60"},
                                              {0.7, "p70"},
                                              {0.8, "p80"},
                                              {0.9, "p90"},
                                              {0.95, "p95"},
                                              {0.99, "p99"},
                                              {0.999, "p99.9"},
                                              {0.9999, "p99.99"},
                                              {1, "max"}}};
constexpr std::size_t name_bytes_max = 200;

/// The title of a text column begins with `<`.
std::string table_head(std::string_view title, std::string_view note, std::initializer_list<std::string_view> columns) {
  std::string out =
      fmt::format("<section><h2>{}{}</h2>", title, note.empty() ? "" : fmt::format(" <small>{}</small>", note));
  out += R"(<div class="scroll"><table><thead><tr>)";
  for (const std::string_view column : columns) {
    const bool text = column.starts_with('<');
    out += fmt::format("<th scope=\"col\"{}>{}</th>", text ? R"( class="text")" : "", column.substr(text ? 1 : 0));
  }
  return out + "</tr></thead><tbody>\n";
}

constexpr std::string_view table_end = "</tbody></table></div></section>\n";

std::string number_cell(const std::string& number, bool bad = false) {
  return fmt::format("<td{}>{}</td>", bad ? R"( class="bad")" : "", number);
}

std::string text_cell(std::string_view text) {
  return R"(<td class="text">)" + html_escape_up_to(text, name_bytes_max) + "</td>";
}

std::string wrapped_cell(std::string_view text) {
  return R"(<td class="wrap">)" + html_escape_up_to(text, html_error_bytes_max) + "</td>";
}

std::string seen_cell(EpochSeconds when) {
  const std::string text = utc_text(when);
  return text_cell(std::string_view{text}.substr(0, text.rfind(' ')));  // the column's title says UTC
}

/// A row for each name, and the aggregated row.
std::string rows_of(const Statistics& statistics, const Entry& all, auto cells_of) {
  std::vector<Statistics::Row> rows = statistics.rows();
  if (rows.size() > html_names_max) {
    std::vector<std::uint64_t> counts;
    counts.reserve(rows.size());
    for (const auto& row : rows) counts.push_back(row.entry->requests);
    std::ranges::nth_element(counts, counts.begin() + html_names_max, std::greater{});
    std::erase_if(rows, [least = counts[html_names_max]](const auto& row) { return row.entry->requests <= least; });
  }
  std::string out;
  for (const auto& row : rows) {
    out += "<tr>" + text_cell(row.method) + text_cell(row.name) + cells_of(*row.entry) + "</tr>\n";
  }
  return out + R"(<tr class="total"><td class="text"></td><td class="text">Aggregated</td>)" + cells_of(all) +
         "</tr>\n";
}

std::string only_some(std::size_t shown, std::size_t all) {
  return shown == all ? "" : fmt::format("the {} most frequent of {}; --csv writes all", shown, all);
}

/// Pointers to the most frequent elements, in descending order.
template <class Error>
std::vector<const Error*> most_frequent(const std::vector<Error>& errors, auto count, std::size_t most) {
  std::vector<const Error*> sorted;
  sorted.reserve(errors.size());
  for (const Error& error : errors) sorted.push_back(&error);
  std::ranges::sort(sorted, [&](const Error* a, const Error* b) {
    return a->*count != b->*count ? a->*count > b->*count : a < b;  // ties: in the original order
  });
  sorted.resize(std::min(sorted.size(), most));
  return sorted;
}

}  // namespace

std::string html_requests(const RunReport& report) {
  const Statistics& statistics = *report.statistics;
  const Entry all = statistics.aggregated();
  if (all.requests == 0) return "<section><h2>Requests</h2><p>No request was finished.</p></section>\n";
  std::string out = table_head("Requests", "times in ms",
                               {"<Method", "<Name", "Requests", "Failures", "Accepted", "Average", "Min", "Max",
                                "Average bytes", "Requests/s", "Failures/s"});
  const double seconds = report.ended - statistics.start();
  out += rows_of(statistics, all, [&](const Entry& entry) {
    const Rates rates = rates_over(entry, seconds);
    return number_cell(with_separators(entry.requests)) +
           number_cell(with_separators(entry.failures), entry.failures > 0) +
           number_cell(with_separators(entry.accepted)) + number_cell(three_digits(entry.response_ms_mean())) +
           number_cell(three_digits(entry.response_ms_min)) + number_cell(three_digits(entry.response_ms_max)) +
           number_cell(with_separators(entry.content_bytes_total / entry.requests)) +
           number_cell(three_digits(rates.requests_per_second)) +
           number_cell(three_digits(rates.failures_per_second), entry.failures > 0);
  });
  out += table_end;
  return out;
}

std::string html_response_times(const Statistics& statistics) {
  const Entry all = statistics.aggregated();
  if (all.requests == 0) return {};
  std::string out =
      table_head("Response times", "ms",
                 {"<Method", "<Name", "p50", "p60", "p70", "p80", "p90", "p95", "p99", "p99.9", "p99.99", "max"});
  out += rows_of(statistics, all, [](const Entry& entry) {
    std::string cells;
    for (const Quantile& one : quantiles) {
      cells += number_cell(three_digits(one.quantile == 1 ? entry.response_ms_max : entry.latency_ms(one.quantile)));
    }
    return cells;
  });
  out += table_end;
  return out;
}

std::string html_failures(const Statistics& statistics) {
  if (statistics.failures().empty()) return {};
  const auto shown = most_frequent(statistics.failures(), &Failure::occurrences, html_failures_max);
  std::string out = table_head("Failures", only_some(shown.size(), statistics.failures().size()),
                               {"Occurrences", "<Method", "<Name", "<Error", "<First seen, UTC", "<Last seen, UTC"});
  for (const Failure* failure : shown) {
    out += "<tr>" + number_cell(with_separators(failure->occurrences)) + text_cell(failure->method) +
           text_cell(failure->name) + wrapped_cell(failure->error) + seen_cell(failure->first_seen) +
           seen_cell(failure->last_seen) + "</tr>\n";
  }
  out += table_end;
  return out;
}

std::string html_exceptions(const Statistics& statistics) {
  if (statistics.exceptions().empty()) return {};
  const auto shown = most_frequent(statistics.exceptions(), &Exception::count, html_exceptions_max);
  std::string out = table_head("Exceptions", only_some(shown.size(), statistics.exceptions().size()),
                               {"Count", "<Message", "<Traceback"});
  for (const Exception* exception : shown) {
    out += "<tr>" + number_cell(with_separators(exception->count)) + wrapped_cell(exception->message) +
           wrapped_cell(exception->traceback) + "</tr>\n";
  }
  out += table_end;
  return out;
}

}  // namespace triggers::swarm
