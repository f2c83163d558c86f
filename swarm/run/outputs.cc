#include "swarm/run/outputs.h"

#include <fmt/format.h>

#include <cstdio>
#include <numeric>
#include <optional>

#include "swarm/gate/condition.h"
#include "swarm/report/console_tables.h"
#include "swarm/report/csv_files.h"
#include "swarm/report/html_report.h"
#include "swarm/report/json_report.h"
#include "swarm/report/progress.h"
#include "swarm/report/text_file.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view main_log = "swarm.main";
constexpr int seconds_between_tables = 2;
constexpr int status_failed = 1, status_not_written = 2;

class AllOutputs final : public Outputs {
 public:
  AllOutputs(const Options& options, Console& console, std::vector<Condition> conditions, std::optional<CsvFiles> csv,
             std::optional<ReplacedFile> html)
      : options_(options),
        console_(console),
        conditions_(std::move(conditions)),
        csv_(std::move(csv)),
        html_(std::move(html)),
        live_(Console::is_terminal() && !options.only_summary) {}

  void begin(const RunReport& report) override {
    if (live_) return draw(report);
    if (!options_.only_summary && !options_.waits_for_page) print_running(report);
  }

  void second(const RunReport& report) override {
    ++seconds_;
    if (csv_) log_error(csv_->write(*report.statistics, users_of(report), report.ended), "--csv");
    if (live_) return draw(report);
    const bool prints = !options_.only_summary && !options_.waits_for_page;
    if (prints && seconds_ % seconds_between_tables == 0) print_running(report);
  }

  int end(const RunReport& report) override {
    bool written = true;
    if (csv_) {
      written = log_error(csv_->finish(*report.statistics, users_of(report), report.ended), "--csv");
      written = log_error(csv_->write_cut_off(report), "--csv") && written;
    }
    if (html_) written = log_error(html_->replace(render_html(report)), "--html") && written;
    const bool conditions_passed = evaluate_conditions(report);
    const int status = exit_status(report, conditions_passed, written);
    console_.set_status({});
    console_.info(main_log, fmt::format("{} (exit code {})",
                                        options_.waits_for_page ? "The test has ended" : "Shutting down", status));
    const std::size_t width = name_width(*report.statistics, terminal_columns());
    console_.print(request_table(*report.statistics, width, RatesOver::all));
    console_.print(percentile_table(*report.statistics, width));
    console_.print(error_report(*report.statistics));
    console_.print(exception_report(*report.statistics));
    console_.print(accepted_summary(report));
    for (const std::string& warning : report.warnings) console_.warning(main_log, warning);
    for (const std::string& verdict : verdicts_) console_.print(verdict + "\n");
    if (options_.json) {
      const std::string json = render_json(report);
      const bool all = std::fwrite(json.data(), 1, json.size(), stdout) == json.size() && std::fflush(stdout) == 0;
      if (!all) {
        console_.error(main_log, "cannot write the results to standard output");
        return status == 0 ? status_not_written : status;
      }
    }
    return status;
  }

 private:
  void print_running(const RunReport& report) {
    const Statistics& statistics = *report.statistics;
    console_.print(request_table(statistics, name_width(statistics, terminal_columns()), RatesOver::recent));
  }

  [[nodiscard]] static std::size_t users_of(const RunReport& report) {
    return std::accumulate(report.users.begin(), report.users.end(), std::size_t{0});
  }

  void draw(const RunReport& report) {
    constexpr std::size_t usual_columns = 80;  // if the terminal does not report its width
    const std::size_t columns = terminal_columns().value_or(0);
    console_.set_status(progress_line(report, columns == 0 ? usual_columns : columns));
  }

  /// Logs the error of the file of `option`. True if there is none.
  bool log_error(const Status& status, std::string_view option) {
    if (!status) console_.error(main_log, status.error().message + options_.sources.note({option}));
    return status.ok();
  }

  /// Evaluates all conditions. True if all passed.
  bool evaluate_conditions(const RunReport& report) {
    bool all = true;
    for (const Condition& condition : conditions_) {
      const auto verdict = condition.evaluate(report);
      const bool passed = verdict.kind == Condition::Verdict::Kind::passed;
      const std::string_view word = passed                                             ? "passed"
                                    : verdict.kind == Condition::Verdict::Kind::failed ? "FAILED"
                                                                                       : "CANNOT BE JUDGED";
      verdicts_.push_back(fmt::format("fail-if {} ({})", verdict.explanation, word));
      all = all && passed;
    }
    return all;
  }

  [[nodiscard]] int exit_status(const RunReport& report, bool conditions_passed, bool written) const {
    if (!conditions_passed || report.refusal) return status_failed;
    const bool failed = report.statistics->aggregated().failures > 0 || !report.statistics->exceptions().empty();
    // With conditions, only they decide whether the test failed, unless --exit-code-on-error is given too.
    if (failed && options_.exit_code_on_error) return *options_.exit_code_on_error;
    if (failed && conditions_.empty()) return status_failed;
    return written && !console_.closed() ? 0 : status_not_written;
  }

  const Options& options_;
  Console& console_;
  std::vector<Condition> conditions_;
  std::optional<CsvFiles> csv_;
  std::optional<ReplacedFile> html_;
  bool live_;
  int seconds_ = 0;
  std::vector<std::string> verdicts_;
};

}  // namespace

Result<std::unique_ptr<Outputs>> Outputs::create(const Options& options, Console& console) {
  std::vector<Condition> conditions;
  for (const std::string& text : options.fail_if) {
    auto condition = Condition::parse(text);
    if (!condition) return std::move(condition).error();
    conditions.push_back(std::move(*condition));
  }
  std::optional<CsvFiles> csv;
  if (!options.csv_prefix.empty()) {
    auto files = CsvFiles::create(options.csv_prefix, options.csv_full_history);
    if (!files) return Error{files.error().code, files.error().message + options.sources.note({"--csv"})};
    csv.emplace(std::move(*files));
  }
  std::optional<ReplacedFile> html;
  if (!options.html_path.empty()) {
    // Find out before the test whether the report can be written.
    html.emplace(options.html_path);
    if (auto made = html->replace("<!doctype html><title>The test has not ended yet</title>\n"); !made)
      return Error{made.error().code, made.error().message + options.sources.note({"--html"})};
  }
  std::unique_ptr<Outputs> outputs =
      std::make_unique<AllOutputs>(options, console, std::move(conditions), std::move(csv), std::move(html));
  return outputs;
}

}  // namespace triggers::swarm
