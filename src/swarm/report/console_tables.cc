#include "swarm/report/console_tables.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "swarm/report/locust_rows.h"

namespace triggers::swarm {
namespace {

constexpr std::size_t widest_name = 80, other_columns = 80, type_width = 8, saved_width = 4;

/// Filled with spaces to so many characters; not cut. Python counts code points, so do we.
std::string padded(std::string text, std::size_t width) {
  const auto characters = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  if (characters < width) text.append(width - characters, ' ');
  return text;
}

/// Of the first table, which takes four characters of the name for its other columns. On a terminal that is too narrow
/// for that, Locust's format has a width below zero, which Python takes for its size.
std::size_t short_name_width(std::size_t name_width) {
  return name_width >= saved_width ? name_width - saved_width : saved_width - name_width;
}

std::string dashes(std::initializer_list<std::size_t> widths) {
  std::string line;
  for (const std::size_t width : widths) line += (line.empty() ? "" : "|") + std::string(width, '-');
  return line + "\n";
}

std::string rule_of_requests(std::size_t name_width) {
  const std::size_t name = name_width >= saved_width ? name_width - saved_width : 0;
  return dashes({type_width, name, 7, 13, 7, 7, 7, 7, 8, 11});
}

long long whole(double value) { return static_cast<long long>(value); }

std::string request_row(const Statistics::Row& row, std::size_t name_width, const Rates& rates) {
  const Entry& entry = *row.entry;
  const double failed =
      entry.requests == 0 ? 0 : static_cast<double>(entry.failures) / static_cast<double>(entry.requests);
  const std::string method = row.method.empty() ? "" : row.method + " ";
  return fmt::format("{} {} {:7} {:>12} |{:7} {:7} {:7}{:7} | {:7.2f} {:11.2f}\n", padded(method, type_width),
                     padded(row.name, short_name_width(name_width)), entry.requests,
                     fmt::format("{}({:.2f}%)", entry.failures, failed * 100), whole(entry.response_ms_mean()),
                     whole(entry.response_ms_min), whole(entry.response_ms_max),
                     whole(entry.locust_times.median(entry.response_ms_min, entry.response_ms_max)),
                     rates.requests_per_second, rates.failures_per_second);
}

std::string percentile_row(const Statistics::Row& row, std::size_t name_width) {
  std::string line = padded(row.method, type_width) + " " + padded(row.name, name_width);
  std::size_t width = 8;  // the first column is wider
  for (const auto& reported : locust_percentiles_reported) {
    line += fmt::format(" {:{}}", row.entry->locust_times.percentile(reported.percentile), width);
    width = 6;
  }
  return line + fmt::format(" {:6}\n", row.entry->requests);
}

}  // namespace

std::size_t name_width(std::optional<std::size_t> terminal_columns) {
  if (!terminal_columns) return widest_name;
  return std::clamp(*terminal_columns, other_columns, other_columns + widest_name) - other_columns;
}

std::optional<std::size_t> terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return size.ws_col;
}

std::string request_table(const Statistics& statistics, std::size_t name_width, RatesOver rates) {
  const LocustRows rows(statistics);
  const auto rates_of = [&](const Entry& entry) {
    return rates == RatesOver::recent ? rows.current(entry) : rows.total(entry);
  };
  std::string text = fmt::format("{} {} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {:>7} {:>11}\n",
                                 padded("Type", type_width), padded("Name", short_name_width(name_width)), "# reqs",
                                 "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s");
  const std::string rule = rule_of_requests(name_width);
  text += rule;
  for (const auto& row : rows.names()) text += request_row(row, name_width, rates_of(*row.entry));
  text += rule;
  return text + request_row(rows.aggregated(), name_width, rates_of(*rows.aggregated().entry)) + "\n";
}

std::string percentile_table(const Statistics& statistics, std::size_t name_width) {
  const LocustRows rows(statistics);
  std::string text = "Response time percentiles (approximated)\n";
  text += padded("Type", type_width) + " " + padded("Name", name_width);
  std::size_t width = 8;
  for (const auto& reported : locust_percentiles_reported) {
    text += fmt::format(" {:>{}}", reported.label, width);
    width = 6;
  }
  text += " # reqs\n";
  const std::string rule = dashes({type_width, name_width, 8, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6});
  text += rule;
  for (const auto& row : rows.names()) text += percentile_row(row, name_width);
  text += rule;
  if (rows.aggregated().entry->requests > 0) text += percentile_row(rows.aggregated(), name_width);
  return text + "\n";
}

std::string error_report(const Statistics& statistics, std::size_t name_width) {
  constexpr std::size_t count_width = 18, error_width = 100;
  if (statistics.failures().empty()) return "";
  const auto line = [](std::string count, std::string error) {
    return padded(std::move(count), count_width) + " " + padded(std::move(error), error_width) + "\n";
  };
  const std::string rule = dashes({count_width, 80 + name_width - 19});
  std::string text = "Error report\n" + line("# occurrences", "Error") + rule;
  for (const Failure& failure : statistics.failures()) {
    text += line(std::to_string(failure.occurrences), failure.method + " " + failure.name + ": " + failure.error);
  }
  return text + rule + "\n";
}

std::string accepted_summary(const Statistics& statistics) {
  const Entry all = statistics.aggregated();
  std::string text = fmt::format("Accepted events: {} ({:.2f} a second)\n", all.accepted,
                                 accepted_per_second(all, all, statistics.start()));
  if (const std::uint64_t limited = statistics.limited_requests(); limited > 0) {
    text +=
        fmt::format("Answered 429: {} requests, refused by a rate limit; none of them is an accepted event\n", limited);
  }
  return text + "\n";
}

}  // namespace triggers::swarm
