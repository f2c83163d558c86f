#include "swarm/report/html_tables.h"

#include <fmt/format.h>

#include <array>

#include "swarm/report/html_text.h"

namespace triggers::swarm {
namespace {

constexpr std::array<double, 7> shown{0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};

std::string request_row(std::string_view method, std::string_view name, const Entry& entry, const Entry& all,
                        EpochSeconds start, std::string_view style) {
  const Rates rates = total_rates(entry, all, start);
  std::string out = fmt::format(R"(<tr{}><td class="text">{}</td><td class="text">{}</td><td>{}</td>)", style,
                                html_escape(method), html_escape(name), with_separators(entry.requests));
  out += fmt::format("<td{}>{}</td><td>{}</td>", entry.failures > 0 ? R"( class="bad")" : "",
                     with_separators(entry.failures), with_separators(entry.accepted));
  for (const double ms : {entry.response_ms_mean(), entry.response_ms_min})
    out += fmt::format("<td>{}</td>", short_number(ms));
  for (const double quantile : shown) {
    const double ms = quantile == 1 ? entry.response_ms_max : entry.latency_ms(quantile);
    out += fmt::format("<td>{}</td>", entry.requests == 0 ? "–" : short_number(ms));
  }
  const double bytes =
      entry.requests == 0 ? 0 : static_cast<double>(entry.content_bytes_total) / static_cast<double>(entry.requests);
  return out + fmt::format("<td>{}</td><td>{}</td><td>{}</td></tr>", short_number(bytes),
                           short_number(rates.requests_per_second), short_number(rates.failures_per_second));
}

}  // namespace

std::string html_requests(const RunReport& report) {
  const Statistics& statistics = *report.statistics;
  const Entry all = statistics.aggregated();
  std::string out =
      R"(<h2>Requests</h2><div class="scroll"><table><thead><tr><th class="text">Method</th><th class="text">Name</th>)"
      R"(<th>Requests</th><th>Failures</th><th>Accepted</th><th>Average ms</th><th>Min</th><th>p50</th><th>p75</th><th>p90</th>)"
      R"(<th>p95</th><th>p99</th><th>p99.9</th><th>Max</th><th>Average size</th><th>Requests/s</th><th>Failures/s</th></tr>)"
      "</thead><tbody>";
  for (const auto& row : statistics.rows()) {
    out += request_row(row.method, row.name, *row.entry, all, statistics.start(), "");
  }
  out += request_row("", "Aggregated", all, all, statistics.start(), R"( class="total")");
  return out + "</tbody></table></div>";
}

std::string html_failures(const Statistics& statistics) {
  if (statistics.failures().empty()) return {};
  std::string out =
      R"(<h2>Failures</h2><div class="scroll"><table><thead><tr><th>Occurrences</th><th class="text">Method</th>)"
      R"(<th class="text">Name</th><th class="text">Error</th><th class="text">First seen</th><th class="text">Last seen</th>)"
      "</tr></thead><tbody>";
  for (const Failure& failure : statistics.failures()) {
    out += fmt::format(R"(<tr><td>{}</td><td class="text">{}</td><td class="text">{}</td><td class="wrap">{}</td>)",
                       with_separators(failure.occurrences), html_escape(failure.method), html_escape(failure.name),
                       html_escape(failure.error));
    out += fmt::format(R"(<td class="text">{}</td><td class="text">{}</td></tr>)", utc_text(failure.first_seen),
                       utc_text(failure.last_seen));
  }
  return out + "</tbody></table></div>";
}

std::string html_exceptions(const Statistics& statistics) {
  if (statistics.exceptions().empty()) return {};
  std::string out =
      R"(<h2>Exceptions</h2><div class="scroll"><table><thead><tr><th>Count</th><th class="text">Message</th>)"
      R"(<th class="text">Where</th></tr></thead><tbody>)";
  for (const Exception& exception : statistics.exceptions()) {
    out +=
        fmt::format(R"(<tr><td>{}</td><td class="wrap">{}</td><td class="wrap">{}</td></tr>)",
                    with_separators(exception.count), html_escape(exception.message), html_escape(exception.traceback));
  }
  return out + "</tbody></table></div>";
}

}  // namespace triggers::swarm
