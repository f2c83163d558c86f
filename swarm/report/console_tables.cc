#include "swarm/report/console_tables.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "swarm/report/locust_rows.h"
#include "swarm/report/stalled.h"

namespace triggers::swarm {
namespace {

constexpr std::size_t type_width = 6, time_width = 5;
constexpr std::size_t name_width_min = 16, name_width_max = 80;
constexpr std::string_view aggregated_name = "Aggregated";

struct Time {
  std::string_view label;
  double quantile;
};
constexpr std::array<Time, 5> quantiles{{{"50%", 0.5}, {"90%", 0.9}, {"95%", 0.95}, {"99%", 0.99}, {"99.9%", 0.999}}};
constexpr std::size_t times = quantiles.size() + 3;  // average, min and max
constexpr std::size_t columns_beside_name = type_width + 1 + times * (time_width + 1);

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The offset of the character with this index; the end if there are fewer.
std::size_t place_of(std::string_view text, std::size_t character) {
  std::size_t place = 0;
  for (; place < text.size(); ++place) {
    if (begins_character(text[place]) && character-- == 0) break;
  }
  return place;
}

/// Exactly this many characters: padded with spaces, or cut in the middle.
std::string fitted(std::string_view text, std::size_t width) {
  const std::size_t characters = characters_of(text);
  if (characters <= width) return std::string{text} + std::string(width - characters, ' ');
  const std::size_t tail = (width - 1) / 2, head = width - 1 - tail;
  return std::string{text.substr(0, place_of(text, head))} + "…" +
         std::string{text.substr(place_of(text, characters - tail))};
}

std::string row_head(const Statistics::Row& row, std::size_t name_width) {
  return fitted(row.method, type_width) + " " + fitted(row.name, name_width);
}

std::string heading(std::size_t name_width) { return fitted("Type", type_width) + " " + fitted("Name", name_width); }

/// A time in ms with three digits in five columns; in seconds from 100 s on.
std::string time_text(double ms) {
  if (ms < 0.9995) return fmt::format("{:.3f}", ms);
  if (ms < 9.995) return fmt::format("{:.2f}", ms);
  if (ms < 99.95) return fmt::format("{:.1f}", ms);
  if (ms < 99'999.5) return fmt::format("{:.0f}", ms);
  return fmt::format("{:.0f}s", ms / 1000);
}

std::string request_row(const Statistics::Row& row, std::size_t name_width, const Rates& rates) {
  const Entry& entry = *row.entry;
  const double failed =
      entry.requests == 0 ? 0 : 100 * static_cast<double>(entry.failures) / static_cast<double>(entry.requests);
  return row_head(row, name_width) + fmt::format(" {:7} {:>12} |{:9.2f} {:11.2f}\n", entry.requests,
                                                 fmt::format("{}({:.2f}%)", entry.failures, failed),
                                                 rates.requests_per_second, rates.failures_per_second);
}

std::string time_row(const Statistics::Row& row, std::size_t name_width) {
  std::string line = row_head(row, name_width);
  const auto add = [&line](double ms) { line += fmt::format(" {:>{}}", time_text(ms), time_width); };
  add(row.entry->response_ms_mean());
  add(row.entry->response_ms_min);
  for (const Time& one : quantiles) add(row.entry->latency_ms(one.quantile));
  add(row.entry->response_ms_max);
  return line + "\n";
}

}  // namespace

std::optional<std::size_t> terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return size.ws_col;
}

std::size_t name_width(const Statistics& statistics, std::optional<std::size_t> columns) {
  std::size_t longest = aggregated_name.size();
  for (const auto& row : statistics.rows()) longest = std::max(longest, characters_of(row.name));
  std::size_t most = name_width_max;
  // 0: the terminal does not report its width.
  if (columns && *columns > 0) most = *columns - std::min(*columns, columns_beside_name);
  return std::min(longest, std::max(most, name_width_min));
}

std::string request_table(const Statistics& statistics, std::size_t name_width, RatesOver rates) {
  const LocustRows rows(statistics);
  const auto rates_of = [&](const Entry& entry) {
    return rates == RatesOver::recent ? rows.current(entry) : rows.total(entry);
  };
  const std::string head =
      heading(name_width) + fmt::format(" {:>7} {:>12} |{:>9} {:>11}\n", "# reqs", "# fails", "req/s", "failures/s");
  const std::string rule = std::string(characters_of(head) - 1, '-') + "\n";
  std::string text = head + rule;
  for (const auto& row : rows.names()) text += request_row(row, name_width, rates_of(*row.entry));
  return text + rule + request_row(rows.aggregated(), name_width, rates_of(*rows.aggregated().entry)) + "\n";
}

std::string percentile_table(const Statistics& statistics, std::size_t name_width) {
  const LocustRows rows(statistics);
  std::string head = heading(name_width);
  const auto add = [&head](std::string_view label) { head += fmt::format(" {:>{}}", label, time_width); };
  add("Avg");
  add("Min");
  for (const Time& one : quantiles) add(one.label);
  add("Max");
  const std::string rule = std::string(characters_of(head), '-') + "\n";
  std::string text = "Response time percentiles in ms (within 1 %)\n" + head + "\n" + rule;
  for (const auto& row : rows.names()) text += time_row(row, name_width);
  text += rule;
  if (rows.aggregated().entry->requests > 0) text += time_row(rows.aggregated(), name_width);
  return text + "\n";
}

std::string error_report(const Statistics& statistics) {
  if (statistics.failures().empty()) return "";
  const std::string rule = std::string(80, '-') + "\n";
  std::string text = "Error report\n# occurrences  Error\n" + rule;
  for (const Failure& failure : statistics.failures()) {
    text += fmt::format("{:<14} {} {}: {}\n", failure.occurrences, failure.method, failure.name, failure.error);
  }
  return text + rule + "\n";
}

std::string exception_report(const Statistics& statistics) {
  if (statistics.exceptions().empty()) return "";
  const std::string rule = std::string(80, '-') + "\n";
  std::string text = "Exceptions\n# occurrences  Exception\n" + rule;
  for (const Exception& exception : statistics.exceptions()) {
    text += fmt::format("{:<14} {}\n", exception.count, exception.message);
  }
  return text + rule + "\n";
}

/// How exactly the open model kept its schedule, and what was never sent.
std::string schedule_summary(const RunReport& report) {
  const Schedule& schedule = report.schedule;
  if (!report.rate || schedule.arrivals + schedule.unsent == 0) return {};
  const auto at = [&](double quantile) {
    return time_text(static_cast<double>(schedule.own_lateness.quantile(quantile).count()) / 1e6);
  };
  std::string text = fmt::format("Schedule: {} tasks begun", schedule.arrivals);
  if (schedule.own_lateness.count() > 0) {
    text += fmt::format("; swarm was late by p50 {}, p99 {}, max {} ms", at(0.5), at(0.99), at(1));
  }
  text += '\n';
  if (schedule.waited_for_user > 0) {
    text +=
        fmt::format("Waited for a free user: {} tasks, as all of --users were in flight\n", schedule.waited_for_user);
  }
  if (schedule.unsent > 0) {
    text += fmt::format("Never sent: {} tasks ({} without a free user, {} because swarm was late)\n", schedule.unsent,
                        schedule.unsent_without_user, schedule.unsent_behind);
  }
  return text;
}

std::string accepted_summary(const RunReport& report) {
  const Statistics& statistics = *report.statistics;
  const double seconds = report.ended - statistics.start();
  const Entry all = statistics.aggregated();
  std::string text =
      fmt::format("Accepted events: {} ({:.2f} a second)\n", all.accepted, accepted_per_second(all, seconds));
  if (const std::uint64_t limited = statistics.limited_requests(); limited > 0) {
    text += fmt::format("Rate-limited (429): {} requests; none of them is an accepted event\n", limited);
  }
  text += schedule_summary(report);
  if (const Uncounted& left_out = report.uncounted; report.warm_up.count() > 0 || left_out.requests > 0) {
    text += fmt::format("Not counted: {} requests ({} failed, {} events accepted) {}\n", left_out.requests,
                        left_out.failures, left_out.accepted,
                        report.warm_up.count() > 0 ? fmt::format("of the warm-up of {} s", report.warm_up.count())
                                                   : "before the schedule began");
  }
  if (const CutOff cut_off = statistics.cut_off(); cut_off.requests() > 0) {
    text += fmt::format("Cut off at the end: {} requests, in flight for up to {} ms; not in the tables\n",
                        cut_off.requests(), time_text(static_cast<double>(cut_off.oldest.count()) / 1e6));
  }
  const Selection selection = select(statistics);
  if (const Stalled stalled = stalled_of(selection, report); stalled.requests > 0) {
    text += fmt::format("Stalled at the end: {} requests, for over {:.1f} s; error rate with them: {:.2f} %\n",
                        stalled.requests, std::chrono::duration<double>(stalled.limit).count(),
                        error_rate_with(stalled, selection.ended));
  }
  return text + "\n";
}

}  // namespace triggers::swarm
