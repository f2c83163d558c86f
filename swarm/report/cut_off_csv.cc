#include "swarm/report/cut_off_csv.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <vector>

#include "swarm/report/csv_text.h"
#include "swarm/report/stalled.h"

namespace triggers::swarm {
namespace {

void append_row(std::string& text, const std::string& method, const std::string& name, const Selection& selection,
                const RunReport& report) {
  const Stalled stalled = stalled_of(selection, report);
  const std::vector<std::string> fields{
      method,
      name,
      std::to_string(selection.ended.requests),
      std::to_string(selection.cut_off.requests()),
      fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(selection.cut_off.oldest).count()),
      std::to_string(stalled.requests),
      std::to_string(stalled.missing)};
  append_csv_line(text, fields);
}

}  // namespace

std::string cut_off_csv_header() {
  return "Type,Name,Request Count,Cut Off Count,Longest Wait,Stalled Count,Missing Count\r\n";
}

std::string cut_off_csv(const RunReport& report) {
  std::string text = cut_off_csv_header();
  // A name may have requests of which none ended.
  std::set<std::pair<std::string, std::string>> names;
  for (const auto& row : report.statistics->rows()) names.emplace(row.name, row.method);
  for (const auto& row : report.statistics->cut_off_rows()) names.emplace(row.name, row.method);
  for (const auto& [name, method] : names) {
    append_row(text, method, name, select(*report.statistics, method, name), report);
  }
  append_row(text, "", "Aggregated", select(*report.statistics), report);
  return text;
}

}  // namespace triggers::swarm
