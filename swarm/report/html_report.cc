#include "swarm/report/html_report.h"

#include "swarm/report/html_charts.h"
#include "swarm/report/html_facts.h"
#include "swarm/report/html_style.h"
#include "swarm/report/html_tables.h"
#include "swarm/report/html_text.h"

namespace triggers::swarm {
namespace {

// The page must not load anything, whatever texts of a server it shows.
constexpr std::string_view head_begin =
    R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
)";

constexpr std::string_view footer =
    "<footer>swarm " TRIGGERS_VERSION
    ". Latencies are measured by a monotonic clock, up to the last byte of the response. Percentiles are within 1 % of "
    "the "
    "true value; minimum, average and maximum are exact. Accepted events are those that the service answered with 201 "
    "and stored for the first time.</footer>";

std::string subtitle(const RunReport& report) {
  return utc_text(report.started) + " · " + duration_text(report.ended - report.started) + " · " +
         with_separators(report.users_wanted) + (report.users_wanted == 1 ? " user · " : " users · ") +
         (report.rate ? "open model, " + short_number(*report.rate) + " tasks/s" : "closed model");
}

}  // namespace

std::string render_html(const RunReport& report) {
  const std::string title = "Load test of " + html_escape(report.host);
  std::string out{head_begin};
  out += "<title>" + title + "</title>\n<style>";
  out += html_style();
  out += "</style></head>\n<body><main>\n<header><h1>" + title + "</h1><p>" + subtitle(report) + "</p></header>\n";
  out += html_warnings(report) + "\n" + html_key_figures(report) + "\n" + html_charts(report) + "\n";
  out += html_requests(report) + html_response_times(*report.statistics) + html_failures(*report.statistics) +
         html_exceptions(*report.statistics);
  out += "<section><h2>The run</h2>" + html_facts(report) + "</section>\n";
  out += footer;
  out += "</main>\n<script>";
  out += html_script();
  return out + "</script></body></html>\n";
}

}  // namespace triggers::swarm
