#include "swarm/run/local_run.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <system_error>

#include "swarm/load/load_generator.h"
#include "swarm/run/outputs.h"
#include "swarm/run/saturation_watch.h"
#include "swarm/run/user_ramp.h"
#include "swarm/run/warnings.h"
#include "swarm/verify/journal.h"

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using MonotonicTime = steady_clock::time_point;

constexpr std::string_view main_log = "swarm.main";
constexpr std::string_view runner_log = "swarm.runners";
constexpr double users_for_rate_max = 10'000;
constexpr int status_not_started = 1, status_not_written = 2;
constexpr std::chrono::milliseconds poll_interval{100};     // for a refusal of the service, or a closed console
constexpr std::chrono::milliseconds idle_poll_interval{2};  // for the end of the last users
constexpr std::chrono::seconds stop_time_extra{5};          // after the stop timeout
constexpr std::chrono::seconds preparation_max{60};         // after the last user has been started
constexpr std::chrono::milliseconds schedule_delay{20};     // so that all threads are ready for the first task

nanoseconds process_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto whole = [](const timeval& time) { return seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec}; };
  return whole(used.ru_utime) + whole(used.ru_stime);
}

/// Pages that this process had to wait for, because they were on the disk.
std::uint64_t page_faults() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_majflt);
}

/// Blocks the signals that end a run early in all threads, so that only wait_for_signal() receives them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Keep SIGHUP ignored if it is, as under nohup(1).
  struct sigaction hangup{};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// True if one of the signals arrived before `until`.
bool wait_for_signal(const sigset_t& signals, MonotonicTime until) {
  const auto left = std::max(nanoseconds{0}, nanoseconds{until - steady_clock::now()});
  const timespec timeout{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
  return sigtimedwait(&signals, nullptr, &timeout) > 0;
}

UserRamp ramp_of(const Options& options, const std::vector<const UserClass*>& classes) {
  std::vector<UserOrder::Class> all;
  all.reserve(classes.size());
  for (const UserClass* one : classes) all.push_back({.weight = one->weight(), .fixed_count = one->fixed()});
  if (options.stages) return UserRamp::along(all, *options.stages);
  std::size_t users = 1;
  if (options.rate) {
    users = static_cast<std::size_t>(std::clamp(std::ceil(options.rate->highest()), 1.0, users_for_rate_max));
  }
  users = options.users.value_or(users);
  return UserRamp::at_rate(all, users, options.spawn_rate.value_or(options.rate ? static_cast<double>(users) : 1));
}

/// Ends the text with a full stop if it has no punctuation, because another sentence follows.
std::string sentence(std::string text) {
  const bool ended = !text.empty() && std::string_view{".?!"}.find(text.back()) != std::string_view::npos;
  if (!ended) text += '.';
  return text;
}

/// One test. The main thread starts the users, collects statistics once a second, and reports.
class LocalRun {
 public:
  LocalRun(const Options& options, Console& console, std::unique_ptr<LoadGenerator> load,
           std::unique_ptr<Outputs> outputs, std::string host, Journal* journal)
      : options_(options),
        console_(console),
        load_(std::move(load)),
        outputs_(std::move(outputs)),
        host_(std::move(host)),
        journal_(journal),
        ramp_(ramp_of(options, load_->classes())) {}

  int run() {
    signals_ = block_stop_signals();
    announce();
    bool stopped = options_.rate && !prepare();
    start_clock();
    while (!stopped && !over(steady_clock::now())) {
      stopped = wait_for_signal(signals_, next_event());
      const auto now = steady_clock::now();
      if (!stopped) follow_ramp(now);
      if (!counting_ && now >= count_from_) begin_counting();
      if (counting_ && now >= next_second_) second_passed(now);
      stopped = stopped || console_.closed() || refused();
    }
    if (!stopped) console_.info(main_log, why_over());
    return end();
  }

 private:
  void announce() {
    if (!options_.stages_text.empty()) {
      console_.info(main_log, "The test follows the stages " + options_.stages_text);
    } else if (options_.run_time > seconds{0}) {
      console_.info(main_log, fmt::format("Run time limit set to {} seconds", options_.run_time.count()));
    } else {
      console_.info(main_log, "No run time limit set, use CTRL+C to interrupt");
    }
    console_.info(main_log, "Starting swarm " TRIGGERS_VERSION);
    if (options_.stages) return;
    console_.info(runner_log,
                  fmt::format("Ramping to {} users at a rate of {:.2f} per second", ramp_.peak(), ramp_.per_second()));
  }

  /// Open model: starts the users and their connections before the clock of the schedule, so that no latency includes
  /// that. False if the test must end.
  bool prepare() {
    const auto begun = steady_clock::now();
    ramp_.start(begun);
    load_->count_from(MonotonicTime::max());
    auto until = MonotonicTime::max();
    while (ramp_.next() != MonotonicTime::max() || load_->starting()) {
      const auto now = steady_clock::now();
      follow_ramp(now);
      if (ramp_.next() == MonotonicTime::max() && until == MonotonicTime::max()) until = now + preparation_max;
      if (now >= until) break;
      if (wait_for_signal(signals_, std::min(ramp_.next(), now + idle_poll_interval))) return false;
      if (console_.closed() || refused()) return false;
    }
    preparation_ = steady_clock::now() - begun;
    const double taken = std::chrono::duration<double>(preparation_).count();
    if (load_->starting()) {
      console_.warning(runner_log, fmt::format("After {:.1f} s, some users are not connected: the schedule begins "
                                               "without them",
                                               taken));
    } else {
      console_.info(runner_log,
                    fmt::format("{} users are ready after {:.2f} s, the schedule begins", ramp_.peak(), taken));
    }
    return true;
  }

  void start_clock() {
    anchor_epoch();
    started_ = steady_clock::now() + (options_.rate ? schedule_delay : nanoseconds{0});
    count_from_ = started_ + options_.warm_up;
    load_->count_from(count_from_);
    started_at_ = last_at_ = epoch_at(count_from_);
    last_second_ = count_from_;
    next_second_ = count_from_ + seconds{1};
    processor_before_ = process_time();
    statistics_ = Statistics{started_at_};
    if (options_.warm_up > seconds{0}) {
      console_.info(runner_log,
                    fmt::format("Warming up for {} seconds: no figure includes them", options_.warm_up.count()));
    }
    if (options_.rate) {
      load_->start_schedule(started_);
    } else {
      ramp_.start(started_);
      follow_ramp(started_);
    }
    if (steady_clock::now() >= count_from_) begin_counting();
  }

  void begin_counting() {
    counting_ = true;
    if (options_.warm_up > seconds{0}) console_.info(runner_log, "The warm-up has ended, counting begins");
    processor_before_ = process_time();
    page_faults_before_ = page_faults();
    outputs_->begin(report());
  }

  /// When the test ends by itself; MonotonicTime::max() if nothing says so.
  [[nodiscard]] MonotonicTime end_time() const {
    if (options_.stages) return started_ + *options_.stages->length();
    if (options_.rate && options_.rate->length()) return started_ + *options_.rate->length();
    return options_.run_time > seconds{0} ? count_from_ + options_.run_time : MonotonicTime::max();
  }

  [[nodiscard]] bool over(MonotonicTime now) const { return now >= end_time() || load_->tasks_used_up(); }

  [[nodiscard]] std::string why_over() const {
    if (load_->tasks_used_up()) return fmt::format("All {} iterations are done, shutting down", *options_.iterations);
    return options_.stages_text.empty() ? "--run-time limit reached, shutting down"
                                        : "All stages are over, shutting down";
  }

  [[nodiscard]] MonotonicTime next_event() const {
    const auto poll = options_.iterations ? idle_poll_interval : poll_interval;
    return std::min({next_second_, ramp_.next(), end_time(), steady_clock::now() + poll,
                     counting_ ? MonotonicTime::max() : count_from_});
  }

  /// True if the test must end because the service cannot be measured. Logs the reason once.
  bool refused() {
    if (refusal_) return false;
    refusal_ = load_->start_refusal();
    if (!refusal_) return false;
    if (refusal_->find(host_) != std::string::npos) *refusal_ += options_.sources.note({"--host"});
    if (options_.keep_going) {
      console_.warning(main_log, sentence(*refusal_) + " The test continues because of --keep-going");
    } else {
      console_.error(main_log, sentence(*refusal_) + " The test ends here; --keep-going would continue it");
    }
    return !options_.keep_going;
  }

  /// Users that a ramp stops may finish their task.
  void follow_ramp(MonotonicTime now) {
    if (now < ramp_.next()) return;
    if (ramp_.advance(now)) {
      load_->set_users(ramp_.wanted(), std::max(options_.stop_timeout, options_.request_timeout));
    }
    if (!options_.stages && ramp_.next() == MonotonicTime::max()) all_spawned();
  }

  void all_spawned() {
    std::string counts;
    for (std::size_t i = 0; i < ramp_.wanted().size(); ++i) {
      counts += fmt::format("{}\"{}\": {}", counts.empty() ? "" : ", ", load_->classes()[i]->name(), ramp_.wanted()[i]);
    }
    console_.info(runner_log, fmt::format("All users spawned: {{{}}} ({} total users)", counts, ramp_.peak()));
    if (!options_.reset_stats) return;
    console_.info(runner_log, "Resetting stats");
    static_cast<void>(load_->collect());  // drop the counts so far
    statistics_ = Statistics{std::max(epoch_now(), started_at_)};
  }

  void second_passed(MonotonicTime now) {
    collect(now, load_->users());
    while (next_second_ <= now) next_second_ += seconds{1};
    outputs_->second(report());
  }

  void collect(MonotonicTime now, const std::vector<std::size_t>& users) {
    const Statistics newer = load_->collect();
    statistics_.merge(newer);
    const double length = std::max(0.0, std::chrono::duration<double>(now - last_second_).count());
    history_.add(last_at_, length, std::accumulate(users.begin(), users.end(), std::size_t{0}), newer.aggregated());
    last_second_ = now;
    last_at_ = epoch_at(now);
    static_cast<void>(waiting_.observe(now, load_->longest_processor_wait()));
    tell_of_journal();
    if (busy_.observe(now, load_->busiest_processor_time())) {
      console_.warning(
          runner_log,
          "a load thread is busy over 90 % of its time: the generator is the bottleneck, and latencies are "
          "partly its own. Use more threads (--threads), machines (--worker) or fewer users");
    }
  }

  /// At once, because the rest of a long test is then not in the journal.
  void tell_of_journal() {
    if (told_of_journal_ || journal_ == nullptr) return;
    const JournalState state = journal_state();
    if (state.error.empty() && state.lost_lines == 0) return;
    told_of_journal_ = true;
    console_.error(main_log,
                   fmt::format("the disk {} for the journal, which ends here, and must not be used to verify. The "
                               "load continues without it",
                               state.error.empty() ? "is too slow" : "failed (" + state.error + ")"));
  }

  [[nodiscard]] JournalState journal_state() const {
    if (journal_ == nullptr) return {};
    const WriterHealth health = journal_->health();
    return {.error = health.error ? std::generic_category().message(*health.error) : "",
            .lost_lines = health.lost_lines,
            .longest_wait = health.longest_wait};
  }

  int end() {
    const auto users = load_->users();
    stop_users();
    // Now, so that the report knows what it lacks. run_local() says so.
    if (journal_ != nullptr) static_cast<void>(journal_->finish());
    collect(steady_clock::now(), users);
    RunReport last = report();
    last.users = users;
    return outputs_->end(last);
  }

  /// A second signal ends the users at once.
  void stop_users() {
    const std::vector<std::size_t> none(load_->classes().size(), 0);
    load_->set_users(none, options_.stop_timeout);
    const auto until = steady_clock::now() + options_.stop_timeout + stop_time_extra;
    while (!load_->idle() && steady_clock::now() < until) {
      if (!wait_for_signal(signals_, steady_clock::now() + idle_poll_interval)) continue;
      console_.info(main_log, "Got another signal, stopping users at once");
      load_->set_users(none, nanoseconds{0});
    }
    if (load_->idle()) return;
    console_.error(main_log, "Some users did not stop in time and are no longer counted. Press CTRL+C to exit");
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

  [[nodiscard]] RunReport report() const {
    RunReport report;
    report.host = host_;
    for (const UserClass* one : load_->classes()) report.user_classes.push_back(one->name());
    report.users = load_->users();
    report.users_wanted = ramp_.peak();
    report.started = started_at_;
    report.ended = std::max(epoch_now(), started_at_);
    report.run_time =
        end_time() == MonotonicTime::max() ? seconds{0} : std::chrono::duration_cast<seconds>(end_time() - count_from_);
    report.warm_up = options_.warm_up;
    report.uncounted = load_->uncounted();
    report.preparation = preparation_;
    report.statistics = &statistics_;
    report.history = &history_;
    if (options_.rate) report.rate = options_.rate->highest();
    report.poisson = options_.arrivals == ArrivalSpread::poisson;
    report.stages = options_.stages_text;
    report.iterations = options_.iterations;
    report.schedule = load_->schedule();
    report.processor_time = process_time() - processor_before_;
    report.busiest_thread = busy_.largest_share();
    // The kernel adds a wait when it ends, so one may belong to an earlier second in part.
    report.processor_wait = std::min(1.0, waiting_.largest_share());
    report.page_faults = page_faults() - page_faults_before_;
    report.shortages = load_->shortages();
    report.journal = journal_state();
    if (!options_.keep_going) report.refusal = refusal_;
    report.warnings = warnings_of(report);
    return report;
  }

  const Options& options_;
  Console& console_;
  std::unique_ptr<LoadGenerator> load_;
  std::unique_ptr<Outputs> outputs_;
  std::string host_;
  Journal* journal_;  // may be null
  UserRamp ramp_;
  MonotonicTime started_{}, count_from_{}, next_second_{}, last_second_{};
  bool counting_ = false;
  nanoseconds preparation_{};
  EpochSeconds started_at_ = 0, last_at_ = 0;
  nanoseconds processor_before_{};
  Statistics statistics_;
  History history_;
  SaturationWatch busy_, waiting_;
  std::uint64_t page_faults_before_ = 0;
  bool told_of_journal_ = false;
  sigset_t signals_{};
  std::optional<std::string> refusal_;
};

/// The classes with these names; without names, all that need not be named.
Result<std::vector<const UserClass*>> choose_classes(const std::vector<std::string>& names) {
  std::vector<const UserClass*> chosen;
  if (names.empty()) {
    chosen = UserClass::all();
    std::erase_if(chosen, [](const UserClass* one) { return one->is_only_if_named(); });
    return chosen;
  }
  std::string unknown;
  for (const std::string& name : names) {
    const UserClass* const found = UserClass::find(name);
    if (found == nullptr) {
      unknown += (unknown.empty() ? "" : ", ") + without_user(name);  // an address without --host may have a password
    } else if (std::find(chosen.begin(), chosen.end(), found) == chosen.end()) {
      chosen.push_back(found);
    }
  }
  if (!unknown.empty()) {
    std::string known;
    for (const UserClass* one : UserClass::all()) known += (known.empty() ? "" : ", ") + one->name();
    return Error{ErrorCode::invalid_argument, "Unknown User(s): " + unknown + ". There are: " + known};
  }
  std::sort(chosen.begin(), chosen.end(), [](const UserClass* a, const UserClass* b) { return a->name() < b->name(); });
  return chosen;
}

/// Reports every problem that can be found before the first user starts.
Result<std::unique_ptr<LocalRun>> prepare(const Options& options, Console& console, std::unique_ptr<Journal>& journal) {
  auto classes = choose_classes(options.user_classes);
  if (!classes) return std::move(classes).error();
  auto target = Target::parse(options.host);
  if (!target) return Error{target.error().code, target.error().message + options.sources.note({"--host"})};
  auto outputs = Outputs::create(options, console);
  if (!outputs) return std::move(outputs).error();
  if (!options.journal_path.empty()) {
    auto opened = Journal::open(options.journal_path);
    if (!opened) return std::move(opened).error();
    journal = std::move(*opened);
  }
  LoadOptions load_options{.threads = options.threads,
                           .no_wait = options.no_wait,
                           .rate = options.rate,
                           .spread = options.arrivals,
                           .iterations = options.iterations,
                           .ca_file = options.ca_file,
                           .verify_tls = options.verify_tls,
                           .request_timeout = options.request_timeout,
                           .inbox_work = options.inbox_work,
                           .journal = journal.get()};
  const std::string host = target->url;
  auto load = LoadGenerator::create(std::move(*target), std::move(*classes), std::move(load_options));
  if (!load) return std::move(load).error();
  return std::make_unique<LocalRun>(options, console, std::move(*load), std::move(*outputs), host, journal.get());
}

}  // namespace

int run_local(const Options& options, Console& console) {
  std::unique_ptr<Journal> journal;  // must outlive the run
  auto run = prepare(options, console, journal);
  if (!run) {
    console.error(main_log, run.error().message);
    return status_not_started;
  }
  const int status = (*run)->run();
  if (journal) {
    if (const auto finished = journal->finish(); !finished) {
      console.error(main_log, finished.error().message);
      return status == 0 ? status_not_written : status;
    }
  }
  return status;
}

}  // namespace triggers::swarm
