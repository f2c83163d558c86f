#include "swarm/run/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

#include "base/nearest_name.h"
#include "swarm/load/duration.h"
#include "swarm/load/failure_text.h"
#include "swarm/load/target.h"
#include "swarm/run/declare_web.h"
#include "swarm/run/environment.h"
#include "swarm/run/stages.h"
#include "swarm/run/terminal_text.h"

namespace triggers::swarm {
namespace {

using std::chrono::seconds;

constexpr int status_mistake = 2;
constexpr std::size_t users_max = 1'000'000;
constexpr std::size_t threads_max = 256;
constexpr double rate_max = 10'000'000;
constexpr std::size_t retention_days_max = 3650;

/// Adds an option that parses Locust's times into `target`.
CLI::Option* add_duration(CLI::App& app, const std::string& name, seconds& target, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            const auto duration = parse_duration(text);
            if (!duration) {
              throw CLI::ValidationError(name.substr(name.rfind("--")),
                                         python_repr_ascii(text) +
                                             " is not a time: whole seconds (90), or hours, minutes and seconds "
                                             "in that order (1h30m10s, 5m, 20s)");
            }
            target = *duration;
          },
          help)
      ->type_name("TIME");
}

/// Accepts a number above 0 and at most `most`.
CLI::Validator positive(double most) {
  return CLI::Validator(
      [most](const std::string& text) -> std::string {
        double value = 0;
        const bool read = CLI::detail::lexical_cast(text, value);
        if (read && std::isfinite(value) && value > 0 && value <= most) return {};
        return python_repr_ascii(text) + " is not a number above 0 and at most " +
               std::to_string(static_cast<long>(most));
      },
      "", "");
}

LoadCurve read_stages(const char* option, const std::string& text, TargetRule rule) {
  const auto stages = parse_stages(text, rule);
  if (!stages) throw CLI::ValidationError(option, stages.error().message);
  return LoadCurve::of_stages(*stages);
}

/// A number, or stages.
void read_rate(const std::string& text, Options& options) {
  if (text.find(':') != std::string::npos) {
    options.rate = read_stages("--rate", text, {.most = rate_max, .whole = false});
    options.stages_text = text;
    return;
  }
  double rate = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !(rate > 0 && rate <= rate_max)) {
    throw CLI::ValidationError("--rate", python_repr_ascii(text) + " is not a number above 0 and at most " +
                                             std::to_string(static_cast<long>(rate_max)) +
                                             ", and not stages such as 30s:100,5m:100,30s:0");
  }
  options.rate = LoadCurve::constant(rate);
  options.stages_text.clear();
}

std::uint64_t read_iterations(const std::string& text) {
  constexpr std::uint64_t most = 1'000'000'000'000;
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number < 1 || number > most) {
    throw CLI::ValidationError("--iterations",
                               python_repr_ascii(text) + " is not a whole number from 1 to " + std::to_string(most));
  }
  return number;
}

void declare_load(CLI::App& app, Options& options) {
  app.add_option("-H,--host", options.host, "Service to load: http://localhost:8000")
      ->envname("LOCUST_HOST")
      ->group("Load");
  app.add_option("-u,--users", options.users,
                 "Number of users [1; with --rate, the number of tasks per second, at most 10000]")
      ->check(CLI::Range(std::size_t{1}, users_max))
      ->envname("LOCUST_USERS")
      ->group("Load");
  app.add_option("-r,--spawn-rate", options.spawn_rate,
                 "Users to start per second [1; with --rate, all at once, before the first task]")
      ->check(positive(users_max))
      ->envname("LOCUST_SPAWN_RATE")
      ->group("Load");
  add_duration(app, "-t,--run-time", options.run_time,
               "Stops after this time: 300, 20s, 3m, 1h30m [never; with --verify 1h]")
      ->envname("LOCUST_RUN_TIME")
      ->group("Load");
  add_duration(app, "-s,--stop-timeout", options.stop_timeout, "Time for users to finish their task at the end [0]")
      ->envname("LOCUST_STOP_TIMEOUT")
      ->group("Load");
  app.add_option("--user-class,user_class", options.user_classes,
                 "Runs only users of this class; may be repeated [all]")
      ->group("Load");
  app.add_flag("-l,--list", options.list, "Prints the user classes and exits")->group("Load");
  app.add_flag("--no-wait", options.no_wait, "Users do not wait between their tasks")->group("Load");
  app.add_option_function<std::string>(
         "--rate", [&options](const std::string& text) { read_rate(text, options); },
         "Open model: starts this many tasks per second on a schedule, or as many as these stages say; a latency "
         "counts from when its task was due. At most --users tasks are in flight")
      ->type_name("RATE or STAGES")
      ->group("Load");
  app.add_option_function<std::string>(
         "--arrivals",
         [&options](const std::string& text) {
           if (text != "constant" && text != "poisson") {
             throw CLI::ValidationError("--arrivals", python_repr_ascii(text) + " is not constant or poisson");
           }
           options.arrivals = text == "poisson" ? ArrivalSpread::poisson : ArrivalSpread::constant;
         },
         "With --rate: tasks are evenly spread (constant), or as those of many independent clients (poisson) "
         "[constant]")
      ->type_name("SPREAD")
      ->group("Load");
  app.add_option_function<std::string>(
         "--stages",
         [&options](const std::string& text) {
           options.stages = read_stages("--stages", text, {.most = users_max, .whole = true});
           options.stages_text = text;
         },
         "Number of users over time: 30s:100,5m:100,30s:0 ramps to 100 in 30 s, stays for 5 min, ramps down in 30 s "
         "and ends")
      ->type_name("STAGES")
      ->group("Load");
  app.add_option_function<std::string>(
         "--iterations", [&options](const std::string& text) { options.iterations = read_iterations(text); },
         "Ends the test once all users together have run this many tasks [no limit]")
      ->type_name("UINT")
      ->group("Load");
  add_duration(
      app, "--warm-up", options.warm_up,
      "Sends load for this time first, which no figure includes; --run-time begins after it. With stages, it is "
      "their first part [0]")
      ->group("Load");
  app.add_flag("--keep-going", options.keep_going,
               "Continues if the service cannot be reached or refuses the key at the start, as Locust does")
      ->group("Load");
  app.add_option("--threads", options.threads, "Number of sending threads [1]")
      ->check(CLI::Range(std::size_t{1}, threads_max))
      ->group("Load");
  add_duration(app, "--request-timeout", options.request_timeout, "Time after which a request has failed [60]")
      ->group("Load");
  app.add_option("--ca-file", options.ca_file,
                 "PEM file with the certificate authorities to trust instead of the system's")
      ->group("Load");
  app.add_flag_callback(
         "--insecure", [&options] { options.verify_tls = false; }, "Does not verify the service's certificate")
      ->group("Load");
}

void declare_inbox_work(CLI::App& app, Options& options) {
  const char* const group = inbox_work_group;
  InboxWork& work = options.inbox_work;
  app.add_option("--inbox", work.inbox, "Name of the inbox [default]")->type_name("NAME")->group(group);
  app.add_option("--lease-seconds", work.lease_seconds, "How long a lease lasts [30]")
      ->check(CLI::Range(std::size_t{1}, InboxWork::lease_seconds_max))
      ->group(group);
  app.add_option("--lease-limit", work.lease_limit, "Events that one lease may have [10]")
      ->check(CLI::Range(std::size_t{1}, InboxWork::lease_limit_max))
      ->group(group);
  app.add_option("--handling-ms", work.handling_ms,
                 "Users handle each lease for a random time of at most this; with --no-wait not at all [200]")
      ->check(CLI::Range(std::size_t{0}, InboxWork::handling_ms_max))
      ->group(group);
  app.add_option("--release-percent", work.release_percent, "Share of the leased events that users release [10]")
      ->check(CLI::Range(0.0, 100.0))
      ->group(group);
  app.add_option("--abandon-percent", work.abandon_percent,
                 "Share whose lease users let end; they acknowledge the others [5]")
      ->check(CLI::Range(0.0, 100.0))
      ->group(group);
}

void declare_output(CLI::App& app, Options& options) {
  app.add_option("--csv", options.csv_prefix,
                 "Writes PREFIX_stats.csv, _stats_history.csv, _failures.csv, _exceptions.csv and _cut_off.csv")
      ->type_name("PREFIX")
      ->envname("LOCUST_CSV")
      ->group("Output");
  app.add_flag("--csv-full-history", options.csv_full_history, "Writes the history of each row, not only of the total")
      ->group("Output");
  app.add_option("--html", options.html_path, "Writes a report with charts")->envname("LOCUST_HTML")->group("Output");
  app.add_flag("--json", options.json, "Prints the results as JSON on standard output, without Locust's rounding")
      ->group("Output");
  app.add_flag("--only-summary", options.only_summary, "Prints tables only at the end")
      ->envname("LOCUST_ONLY_SUMMARY")
      ->group("Output");
  app.add_flag("--reset-stats", options.reset_stats, "Starts counting once all users have started")
      ->envname("LOCUST_RESET_STATS")
      ->group("Output");
  app.add_option_function<std::string>(
         "-L,--loglevel",
         [&options](const std::string& text) {
           const auto level = parse_log_level(text);
           if (!level) {
             throw CLI::ValidationError("--loglevel",
                                        python_repr_ascii(text) + " is not DEBUG, INFO, WARNING, ERROR or CRITICAL");
           }
           options.log_level = *level;
         },
         "DEBUG, INFO, WARNING, ERROR or CRITICAL [INFO]")
      ->type_name("LEVEL")
      ->envname("LOCUST_LOGLEVEL")
      ->group("Output");
  app.add_option("--logfile", options.log_file, "Logs to this file instead of standard error")
      ->envname("LOCUST_LOGFILE")
      ->group("Output");
}

void declare_conditions(CLI::App& app, Options& options) {
  app.add_option("--exit-code-on-error", options.exit_code_on_error, "Exit status if any request failed [1]")
      ->check(CLI::Range(0, 255))
      ->envname("LOCUST_EXIT_CODE_ON_ERROR")
      ->group("Pass or fail");
  app.add_option(
         "--fail-if", options.fail_if,
         "Exits with 1 if this condition is true or cannot be judged: 'POST /events p95 > 100ms'; may be repeated")
      ->type_name("CONDITION")
      ->group("Pass or fail");
  app.add_option("--journal", options.journal_path, "Records in this file what the service has accepted")
      ->type_name("FILE")
      ->group("Pass or fail");
  app.add_option("--verify", options.verify_path, "Runs no test; compares the service with this journal instead")
      ->type_name("FILE")
      ->group("Pass or fail");
  app.add_option("--retention-days", options.retention_days,
                 "With --verify: days for which the service keeps an acknowledged event [30]")
      ->check(CLI::Range(std::size_t{1}, retention_days_max))
      ->group("Pass or fail");
  app.add_flag("--exclusive", options.exclusive, "With --verify: events that are not in the journal are errors too")
      ->group("Pass or fail");
}

void declare_worker(CLI::App& app, Options& options) {
  app.add_flag("--worker", options.worker, "Runs as a worker of a Locust master, which decides what to run")
      ->envname("LOCUST_MODE_WORKER")
      ->group("Many machines");
  app.add_option("--master-host", options.master_host, "Host of the master [127.0.0.1]")
      ->envname("LOCUST_MASTER_NODE_HOST")
      ->group("Many machines");
  app.add_option("--master-port", options.master_port, "Port of the master [5557]")
      ->check(CLI::Range(1, 65535))
      ->envname("LOCUST_MASTER_NODE_PORT")
      ->group("Many machines");
}

/// A command that says when its test ends, or who judges it, is not for a person at the page.
void decide_on_page(Options& options) {
  if (options.list || options.worker || !options.verify_path.empty()) return;
  const bool ends_or_is_judged = options.run_time > seconds{0} || options.stages || options.iterations ||
                                 options.rate || options.json || !options.fail_if.empty() ||
                                 !options.journal_path.empty();
  options.waits_for_page = !options.headless && (options.asks_for_page || !ends_or_is_judged);
  options.serves_page = options.waits_for_page || options.asks_for_page;
}

/// As contradiction(), of the options that say how much load there is when.
std::string contradicting_load(const Options& options) {
  const bool runs = options.verify_path.empty();
  if (!runs) return {};
  if (options.arrivals == ArrivalSpread::poisson && !options.rate) return "--arrivals needs --rate";
  if (options.stages && options.rate) {
    return "--stages sets the users and --rate the tasks per second: use one of them. --rate takes stages too: --rate "
           "30s:100,5m:100,30s:0";
  }
  if (options.stages && (options.users || options.spawn_rate)) {
    return "--stages already sets the number of users" + options.sources.note({"--users", "--spawn-rate"}) +
           ": use it without --users and --spawn-rate";
  }
  if (options.stages && options.reset_stats) {
    return "with --stages, users start and stop all the time" + options.sources.note({"--reset-stats"}) +
           ": use --warm-up in place of --reset-stats";
  }
  if (options.iterations && options.warm_up > seconds{0}) {
    return "--iterations counts every task, and --warm-up would leave some out: use one of them";
  }
  if (options.stages_text.empty()) return {};
  const auto length = (options.stages ? options.stages : options.rate)->length();
  if (options.run_time > seconds{0}) {
    return "the stages already say when the test ends" + options.sources.note({"--run-time"}) +
           ": use them without --run-time";
  }
  if (options.warm_up >= length)
    return "--warm-up is the first part of the stages, so it must be shorter than they are";
  return {};
}

/// Why the options contradict each other; empty if they do not.
std::string contradiction(const Options& options) {
  if (const auto checked = options.inbox_work.check(); !checked) return checked.error().message;
  if (options.list || options.worker) return {};
  const bool form_asks_for_host = options.waits_for_page && options.asks_for_page && !options.web.autostart;
  if (options.host.empty() && !form_asks_for_host)
    return "--host is needed: the service to load, for instance --host http://localhost:8000";
  if (options.csv_full_history && options.csv_prefix.empty()) return "--csv-full-history needs --csv";
  if (const auto wrong = contradicting_load(options); !wrong.empty()) return wrong;
  if (options.waits_for_page && !options.journal_path.empty()) {
    return "--journal records one test, and the page can start several: use it with --headless";
  }
  if (auto wrong = contradicting_web(options.web, options.sources); options.serves_page && !wrong.empty()) return wrong;
  if (options.rate && options.no_wait) return "--rate already sets when tasks start: use it without --no-wait";
  if (!options.verify_path.empty() && !options.journal_path.empty())
    return "--verify reads a journal, --journal writes one";
  if (options.script.script != nullptr && !options.verify_path.empty())
    return "--verify runs no users: use it without -f";
  if (options.script.script != nullptr && !options.journal_path.empty()) {
    return "--journal records what swarm's own users send: use it without -f";
  }
  if (options.exclusive && options.verify_path.empty()) return "--exclusive needs --verify";
  if (options.retention_days && options.verify_path.empty()) return "--retention-days needs --verify";
  return {};
}

/// The text without the users and passwords of URLs: a mistake may be anywhere, also in a URL's option.
std::string without_passwords(std::string_view text) {
  std::string shown;
  for (;;) {
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    shown += word.find("://") == std::string_view::npos ? std::string{word} : without_user(word);
    if (end == text.size()) return shown;
    shown += text[end];
    text.remove_prefix(end + 1);
  }
}

/// Prints the mistake in the arguments or the environment. Returns the exit status.
int report_mistake(const std::string& mistake) {
  std::fputs(
      terminal_safe("swarm: " + without_passwords(mistake) + "\nRun with --help for more information.\n").c_str(),
      stderr);
  return status_mistake;
}

/// The option that the user most probably meant by the first unknown one; empty if none is similar.
std::string similar_option(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
  }
  for (const std::string& argument : app.remaining()) {
    if (!argument.starts_with("--")) continue;
    const std::string name = nearest_name(argument.substr(2, argument.find('=') - 2), names);
    return name.empty() ? name : "--" + name;
  }
  return {};
}

/// Prints the help, the version, or the mistake. Returns the exit status.
int leave(const CLI::App& app, const CLI::ParseError& problem) {
  if (problem.get_exit_code() == 0) return app.exit(problem);
  std::string mistake = problem.what();
  if (const auto meant = similar_option(app); !meant.empty()) mistake += "; did you mean " + meant + "?";
  return report_mistake(mistake);
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
  Options options;
  CLI::App app{"swarm: a load generator with Locust's options, and a worker for a Locust master."};
  app.set_version_flag("-V,--version", std::string{"swarm "} + TRIGGERS_VERSION);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.footer(
      "Give one API key, or several separated by commas, in the environment variable\n"
      "LOCUST_API_KEY; if that is not set, in TRIGGERS_API_KEY. Users take turns with them.");
  declare_load(app, options);
  declare_inbox_work(app, options);
  declare_output(app, options);
  declare_conditions(app, options);
  declare_web(app, options.web, options.headless);
  declare_worker(app, options);
  if (const Status read = declare_script(app, options.script, argc, argv); !read)
    return report_mistake(read.error().message);
  for (const char* const list : {"--user-class", "--fail-if", "--tags", "--exclude-tags"}) {
    app.get_option(list)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->expected(1)->allow_extra_args(false);
  }
  EnvironmentValues environment(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    environment.restore();
    return leave(app, problem);
  }
  const bool wants_page = has_web_arguments(app);
  auto sources = environment.read();
  if (!sources) return report_mistake(sources.error().message);
  options.sources = std::move(*sources);
  options.asks_for_page = wants_page;
  decide_on_page(options);
  if (const auto wrong = contradiction(options); !wrong.empty()) return report_mistake(wrong);
  if (const Status declared = declare_script_users(options.script); !declared)
    return report_mistake(declared.error().message);
  return options;
}

}  // namespace triggers::swarm
