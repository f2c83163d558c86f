#include "swarm/run/test_run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <system_error>

#include "base/invariant.h"
#include "swarm/run/warnings.h"
#include "swarm/verify/journal.h"

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::string_view main_log = "swarm.main";
constexpr std::string_view runner_log = "swarm.runners";
constexpr double users_for_rate_max = 10'000;
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

}  // namespace

TestRun::TestRun(const Options& options, Console& console, MainWait& wait, std::unique_ptr<LoadGenerator> load,
                 std::unique_ptr<Outputs> outputs, std::string host, Journal* journal)
    : options_(options),
      console_(console),
      wait_(wait),
      load_(std::move(load)),
      outputs_(std::move(outputs)),
      host_(std::move(host)),
      journal_(journal),
      ramp_(ramp_of(options, load_->classes())) {}

int TestRun::run() {
  announce();
  enter(Phase::spawning);
  bool stopped = options_.rate && !prepare();
  start_clock();
  while (!stopped && !over(steady_clock::now())) {
    stopped = must_stop(next_event());
    const auto now = steady_clock::now();
    if (!stopped) follow_ramp(now);
    if (!counting_ && now >= count_from_) begin_counting();
    if (counting_ && now >= next_second_) second_passed(now);
    stopped = stopped || refused();
  }
  if (!stopped) console_.info(main_log, why_over());
  return end();
}

void TestRun::announce() {
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

bool TestRun::prepare() {
  const auto begun = steady_clock::now();
  ramp_.start(begun);
  load_->count_from(MonotonicTime::max());
  auto until = MonotonicTime::max();
  while (ramp_.next() != MonotonicTime::max() || load_->starting()) {
    const auto now = steady_clock::now();
    follow_ramp(now);
    if (ramp_.next() == MonotonicTime::max() && until == MonotonicTime::max()) until = now + preparation_max;
    if (now >= until) break;
    if (must_stop(std::min(ramp_.next(), now + idle_poll_interval)) || refused()) return false;
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

void TestRun::start_clock() {
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
    enter(Phase::running);
  } else {
    ramp_.start(started_);
    follow_ramp(started_);
  }
  if (steady_clock::now() >= count_from_) begin_counting();
}

void TestRun::begin_counting() {
  counting_ = true;
  if (options_.warm_up > seconds{0}) console_.info(runner_log, "The warm-up has ended, counting begins");
  processor_before_ = process_time();
  page_faults_before_ = page_faults();
  publish(report());
  outputs_->begin(*latest_);
}

MonotonicTime TestRun::end_time() const {
  if (options_.stages) return started_ + *options_.stages->length();
  if (options_.rate && options_.rate->length()) return started_ + *options_.rate->length();
  return options_.run_time > seconds{0} ? count_from_ + options_.run_time : MonotonicTime::max();
}

bool TestRun::over(MonotonicTime now) const { return now >= end_time() || load_->tasks_used_up(); }

std::string TestRun::why_over() const {
  if (load_->tasks_used_up()) return fmt::format("All {} iterations are done, shutting down", *options_.iterations);
  return options_.stages_text.empty() ? "--run-time limit reached, shutting down"
                                      : "All stages are over, shutting down";
}

MonotonicTime TestRun::next_event() const {
  const auto poll = options_.iterations ? idle_poll_interval : poll_interval;
  return std::min({next_second_, ramp_.next(), end_time(), steady_clock::now() + poll,
                   counting_ ? MonotonicTime::max() : count_from_});
}

bool TestRun::refused() {
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

void TestRun::follow_ramp(MonotonicTime now) {
  if (now < ramp_.next()) return;
  if (ramp_.advance(now)) {
    load_->set_users(ramp_.wanted(), std::max(options_.stop_timeout, options_.request_timeout));
  }
  if (options_.stages || ramp_.next() != MonotonicTime::max()) return;
  if (!options_.rate) enter(Phase::running);
  all_spawned();
}

void TestRun::all_spawned() {
  std::string counts;
  for (std::size_t i = 0; i < ramp_.wanted().size(); ++i) {
    counts += fmt::format("{}\"{}\": {}", counts.empty() ? "" : ", ", load_->classes()[i]->name(), ramp_.wanted()[i]);
  }
  console_.info(runner_log, fmt::format("All users spawned: {{{}}} ({} total users)", counts, ramp_.peak()));
  if (!options_.reset_stats) return;
  console_.info(runner_log, "Resetting stats");
  reset_statistics();
}

void TestRun::change_users(std::size_t users, double per_second) {
  INVARIANT(!load_is_fixed(), "the users of a fixed load are changed");
  if (phase_ != Phase::spawning && phase_ != Phase::running) return;
  ramp_.retarget(users, per_second, steady_clock::now());
  console_.info(runner_log,
                fmt::format("Ramping to {} users at a rate of {:.2f} per second", ramp_.peak(), per_second));
  enter(Phase::spawning);
}

void TestRun::reset_statistics() {
  if (!load_ || phase_ == Phase::ready) return;
  static_cast<void>(load_->collect());  // drop the counts so far
  statistics_ = Statistics{std::max(epoch_now(), started_at_)};
  if (latest_) publish(report());
}

std::size_t TestRun::users() const {
  if (!load_) return 0;
  const auto by_class = load_->users();
  return std::accumulate(by_class.begin(), by_class.end(), std::size_t{0});
}

void TestRun::release_load() { load_.reset(); }

void TestRun::publish(RunReport report) {
  latest_ = std::move(report);
  ++version_;
}

void TestRun::enter(Phase phase) noexcept {
  phase_ = phase;
  ++version_;
}

bool TestRun::must_stop(MonotonicTime wait_until) {
  if (wait_.stop_signal_before(wait_until) || console_.closed()) interrupted_ = true;
  return interrupted_ || stop_requested_;
}

void TestRun::second_passed(MonotonicTime now) {
  collect(now, load_->users());
  while (next_second_ <= now) next_second_ += seconds{1};
  publish(report());
  outputs_->second(*latest_);
}

void TestRun::collect(MonotonicTime now, const std::vector<std::size_t>& users) {
  const Statistics newer = load_->collect();
  statistics_.merge(newer);
  const double length = std::max(0.0, std::chrono::duration<double>(now - last_second_).count());
  history_.add(last_at_, length, std::accumulate(users.begin(), users.end(), std::size_t{0}), newer.aggregated());
  last_second_ = now;
  last_at_ = epoch_at(now);
  static_cast<void>(waiting_.observe(now, load_->longest_processor_wait()));
  tell_of_journal();
  if (busy_.observe(now, load_->busiest_processor_time())) {
    console_.warning(runner_log,
                     "a load thread is busy over 90 % of its time: the generator is the bottleneck, and latencies are "
                     "partly its own. Use more threads (--threads), machines (--worker) or fewer users");
  }
}

void TestRun::tell_of_journal() {
  if (told_of_journal_ || journal_ == nullptr) return;
  const JournalState state = journal_state();
  if (state.error.empty() && state.lost_lines == 0) return;
  told_of_journal_ = true;
  console_.error(main_log,
                 fmt::format("the disk {} for the journal, which ends here, and must not be used to verify. The "
                             "load continues without it",
                             state.error.empty() ? "is too slow" : "failed (" + state.error + ")"));
}

JournalState TestRun::journal_state() const {
  if (journal_ == nullptr) return {};
  const WriterHealth health = journal_->health();
  return {.error = health.error ? std::generic_category().message(*health.error) : "",
          .lost_lines = health.lost_lines,
          .longest_wait = health.longest_wait};
}

int TestRun::end() {
  const auto users = load_->users();
  enter(Phase::stopping);
  stop_users();
  // Now, so that the report knows what it lacks. run_local() says so.
  if (journal_ != nullptr) static_cast<void>(journal_->finish());
  collect(steady_clock::now(), users);
  RunReport last = report();
  last.users = users;
  publish(std::move(last));
  const int status = outputs_->end(*latest_);
  enter(Phase::stopped);
  return status;
}

void TestRun::stop_users() {
  const std::vector<std::size_t> none(load_->classes().size(), 0);
  load_->set_users(none, options_.stop_timeout);
  const auto until = steady_clock::now() + options_.stop_timeout + stop_time_extra;
  while (!load_->idle() && steady_clock::now() < until) {
    if (!wait_.stop_signal_before(steady_clock::now() + idle_poll_interval)) continue;
    interrupted_ = true;
    console_.info(main_log, "Got another signal, stopping users at once");
    load_->set_users(none, nanoseconds{0});
  }
  if (load_->idle()) return;
  console_.error(main_log, "Some users did not stop in time and are no longer counted. Press CTRL+C to exit");
  wait_.unblock();
}

RunReport TestRun::report() const {
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

}  // namespace triggers::swarm
