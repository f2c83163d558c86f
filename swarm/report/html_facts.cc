#include "swarm/report/html_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "swarm/report/html_text.h"
#include "swarm/report/stalled.h"

namespace triggers::swarm {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(std::uint64_t part, std::uint64_t whole) { return short_number(100 * share(part, whole)) + " %"; }

std::string figure(std::string_view name, const std::string& value, const std::string& note, bool bad = false) {
  return fmt::format("<div{}><dt>{}</dt><dd>{}</dd><dd>{}</dd></div>", bad ? R"( class="bad")" : "", name, value, note);
}

/// Empty if the value is empty.
std::string fact(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, value);
}

std::string classes_of(const RunReport& report) {
  std::string names;
  for (const std::string& name : report.user_classes) names += (names.empty() ? "" : ", ") + html_escape(name);
  return names;
}

std::string model_of(const RunReport& report) {
  const std::string stages = report.stages.empty() ? "" : "; stages " + html_escape(report.stages);
  if (!report.rate) return "closed: a user sends after its last response and its wait time" + stages;
  return fmt::format("open: {}{} tasks/s on a schedule{}; a latency counts from when its task was due{}",
                     report.stages.empty() ? "" : "up to ", short_number(*report.rate),
                     report.poisson ? " of Poisson arrivals" : "", stages);
}

/// How well the open model kept its schedule.
std::string schedule_of(const RunReport& report) {
  if (!report.rate) return {};
  const Schedule& schedule = report.schedule;
  const std::uint64_t due = schedule.arrivals + schedule.unsent;
  if (due == 0) return "no task was due";
  const std::uint64_t late = std::min(due, schedule.behind + schedule.waited_for_user + schedule.unsent);
  std::string text =
      fmt::format("{} of {} tasks begun on time ({})", with_separators(due - late), with_separators(due),
                  late > 0 && share(due - late, due) > 0.9995 ? "over 99.9 %" : percent(due - late, due));
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("; {} {}", with_separators(count), what);
  };
  add(schedule.waited_for_user, "waited for a free user");
  add(schedule.behind, "over 10 ms late because of the generator");
  add(schedule.unsent_without_user, "never sent because no user was free");
  add(schedule.unsent_behind, "never sent because of the generator");
  add(schedule.unsent - schedule.unsent_without_user - schedule.unsent_behind, "due at the end and not sent");
  add(schedule.unfinished, "cut off at the end");
  return text;
}

std::string lateness_of(const RunReport& report) {
  if (!report.rate || report.schedule.lateness.count() == 0) return {};
  const auto figures = [](const Histogram& lateness) {
    const auto at = [&](double quantile) {
      return latency_text(static_cast<double>(lateness.quantile(quantile).count()) / 1e6);
    };
    return fmt::format("p50 {}, p99 {}, at most {}", at(0.5), at(0.99), at(1));
  };
  return fmt::format("{}; of tasks that had a free user, so the generator's own: {}", figures(report.schedule.lateness),
                     figures(report.schedule.own_lateness));
}

std::string warm_up_of(const RunReport& report) {
  const Uncounted& left_out = report.uncounted;
  if (report.warm_up.count() == 0 && left_out.requests == 0) return {};
  return fmt::format("{}; not counted: {} requests, {} failed, {} events accepted",
                     report.warm_up.count() == 0 ? "before the schedule began"
                                                 : duration_text(static_cast<double>(report.warm_up.count())),
                     with_separators(left_out.requests), with_separators(left_out.failures),
                     with_separators(left_out.accepted));
}

std::string stalled_at_end(const RunReport& report) {
  const Selection selection = select(*report.statistics);
  const Stalled stalled = stalled_of(selection, report);
  if (stalled.requests == 0) return {};
  return fmt::format("{} waited over {} s for a response; with {} missing responses the error rate is {} %",
                     stalled.requests == 1 ? "1 request" : with_separators(stalled.requests) + " requests",
                     short_number(std::chrono::duration<double>(stalled.limit).count()),
                     with_separators(stalled.missing), short_number(error_rate_with(stalled, selection.ended)));
}

std::string cut_off_of(const Statistics& statistics) {
  const CutOff all = statistics.cut_off();
  if (all.requests() == 0) return {};
  std::string text = fmt::format("{} in flight when their users were stopped, for up to {}:",
                                 all.requests() == 1 ? "1 request" : with_separators(all.requests()) + " requests",
                                 latency_text(static_cast<double>(all.oldest.count()) / 1e6));
  for (const auto& row : statistics.cut_off_rows()) {
    text += fmt::format("{} {} {}", text.ends_with(':') ? "" : ",", with_separators(row.cut_off->requests()),
                        html_escape(row.name));
  }
  return text;
}

std::string generator_of(const RunReport& report) {
  const double seconds = std::max(report.ended - report.started, 1e-9);
  const double used = static_cast<double>(report.processor_time.count()) / 1e9;
  return fmt::format("{} s of CPU time, {} cores on average; the busiest thread {:.0f} % busy", short_number(used),
                     short_number(used / seconds), 100 * report.busiest_thread);
}

}  // namespace

std::string html_warnings(const RunReport& report) {
  if (report.warnings.empty()) return {};
  std::string out = R"(<section class="warnings" role="note"><h2>Before you trust these figures</h2><ul>)";
  for (std::string warning : report.warnings) {
    if (!warning.empty()) warning[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(warning[0])));
    out += "<li>" + html_escape(warning) + (warning.ends_with('.') ? "</li>" : ".</li>");
  }
  return out + "</ul></section>";
}

std::string html_key_figures(const RunReport& report) {
  const Entry all = report.statistics->aggregated();
  const double seconds = report.ended - report.statistics->start();
  const auto per_second = [](double rate) { return short_number(rate) + "/s"; };
  const auto latency = [&](double quantile) {
    return all.requests == 0 ? "–" : latency_text(all.latency_ms(quantile));
  };
  const auto note = [&](std::string text) { return all.requests == 0 ? std::string{} : std::move(text); };
  std::string out = R"(<dl class="figures">)";
  out += figure("Requests", with_separators(all.requests), per_second(rates_over(all, seconds).requests_per_second));
  out +=
      figure("Accepted", with_separators(all.accepted), short_number(accepted_per_second(all, seconds)) + " events/s");
  out += figure("Failures", with_separators(all.failures), all.requests == 0 ? "" : percent(all.failures, all.requests),
                all.failures > 0);
  out += figure("Latency p50", latency(0.5), note("half are slower")) +
         figure("p95", latency(0.95), note("1 in 20 is slower")) +
         figure("p99", latency(0.99), note("1 in 100 is slower"));
  return out + "</dl>";
}

std::string html_facts(const RunReport& report) {
  std::string out = R"(<dl class="facts">)";
  out += fact("Target", html_escape(report.host));
  out += fact("User classes", classes_of(report));
  out += fact("Started", utc_text(report.started));
  out += fact("Ended", utc_text(report.ended));
  const std::string limit =
      report.run_time.count() > 0 && report.ended - report.started < static_cast<double>(report.run_time.count()) - 1
          ? " of " + duration_text(static_cast<double>(report.run_time.count()))
          : "";
  out += fact("Duration", duration_text(report.ended - report.started) + limit);
  out += fact("Users", with_separators(report.users_wanted));
  out += fact("Model", model_of(report));
  out += fact("Warm-up", warm_up_of(report));
  out += fact("Schedule", schedule_of(report));
  out += fact("Lateness", lateness_of(report));
  out += fact("Cut off", cut_off_of(*report.statistics));
  out += fact("Stalled at the end", stalled_at_end(report));
  out += fact("Generator", generator_of(report));
  return out + "</dl>";
}

}  // namespace triggers::swarm
