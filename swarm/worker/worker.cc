#include "swarm/worker/worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "base/invariant.h"
#include "base/random.h"
#include "base/unique_fd.h"
#include "swarm/load/failure_text.h"
#include "swarm/report/stalled.h"
#include "swarm/worker/load_run.h"
#include "swarm/worker/locust_messages.h"
#include "swarm/worker/master_link.h"
#include "swarm/worker/worker_log.h"

namespace triggers::swarm {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using MonotonicTime = steady_clock::time_point;

constexpr int status_done = 0, status_not_started = 1, status_no_master = 255;
constexpr milliseconds poll_interval{5};       // between checks while users start or stop
constexpr milliseconds spawn_time_max{1000};   // then the master gets the number of users so far
constexpr milliseconds stop_time_extra{5000};  // after the stop timeout, before users are cut off
constexpr milliseconds final_send_time_max{2000};
/// The master needs one message for each exception; a user that throws in every task must not flood it.
constexpr std::uint64_t exceptions_per_report_max = 100;

std::string new_node_id() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  std::string host = ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
  // Masters take the part before the first underscore for the host.
  std::replace(host.begin(), host.end(), '_', '-');
  std::array<std::byte, 16> random{};
  fill_random(random);
  return host + "_" + to_hex({reinterpret_cast<const char*>(random.data()), random.size()});
}

template <class... Fs>
struct Overload : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overload(Fs...) -> Overload<Fs...>;

/// A text from the master for a message: truncated, without control characters.
std::string in_quotes(std::string_view text) {
  constexpr std::size_t bytes_max = 100;
  return python_repr_ascii(text.substr(0, bytes_max));
}

std::uint64_t total_of(const ClassCounts& users) {
  std::uint64_t total = 0;
  for (const auto& [name, count] : users) total += count;
  return total;
}

/// Each user needs a connection: a descriptor and, for one address, a local port.
std::uint64_t users_allowed() {
  constexpr std::uint64_t ports = 64'000, own_descriptors = 100;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return ports;
  return std::min<std::uint64_t>(ports,
                                 descriptors.rlim_cur - std::min<std::uint64_t>(descriptors.rlim_cur, own_descriptors));
}

/// The worker's state machine, on the main thread. It waits for events of the link, signals and times.
class Worker {
 public:
  Worker(const WorkerOptions& options, Console& console, WorkerMessages messages, std::unique_ptr<MasterLink> link,
         int signals_fd)
      : options_(options),
        log_(console),
        messages_(std::move(messages)),
        link_(std::move(link)),
        signals_fd_(signals_fd) {}

  int run() {
    log_.info(fmt::format("Starting swarm " TRIGGERS_VERSION " as a worker of the Locust master at {}:{}, as {}",
                          options_.master_host, options_.master_port, messages_.node_id()));
    const auto now = steady_clock::now();
    next_ready_ = now + options_.times.ack_timeout;
    next_report_ = next_vitals_ = next_logs_ = now;
    while (!status_) {
      wait();
      if (take_signal()) stop_by_signal();
      for (auto& event : link_->take()) {
        if (!status_) std::visit([this](auto& one) { on(one); }, event);
      }
      if (!status_) do_what_is_due(steady_clock::now());
    }
    link_->finish(final_send_time_max);
    return *status_;
  }

 private:
  /// `stopping`: users finish their tasks. Then the worker is ready again, or ends.
  enum class Phase : std::uint8_t { ready, spawning, running, stopping };

  void wait() {
    std::array<pollfd, 2> fds{{{.fd = signals_fd_, .events = POLLIN, .revents = 0},
                               {.fd = link_->events_fd(), .events = POLLIN, .revents = 0}}};
    const auto left = std::chrono::ceil<milliseconds>(next_due() - steady_clock::now());
    ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000)));
  }

  [[nodiscard]] MonotonicTime next_due() const {
    MonotonicTime next = std::min(next_vitals_, next_logs_);
    if (!registered_ && phase_ == Phase::ready) next = std::min(next, next_ready_);
    if (lost_at_) next = std::min(next, *lost_at_ + options_.times.master_lost_max);
    if (phase_ != Phase::ready) next = std::min(next, next_report_);
    if (phase_ == Phase::spawning || phase_ == Phase::stopping)
      next = std::min(next, steady_clock::now() + poll_interval);
    return next;
  }

  [[nodiscard]] bool take_signal() const {
    signalfd_siginfo info{};
    return ::read(signals_fd_, &info, sizeof info) == sizeof info;
  }

  // ---- the connection

  void on(const MasterLink::Connected& connected) {
    connection_ = connected.connection;
    newer_master_ = false;
    told_not_locust_ = false;
    // The same master still counts this worker's users, and must drop them first.
    send_client_ready(std::exchange(had_test_, false));
  }

  void on(const MasterLink::Lost& lost) {
    log_.warning("Lost the master: " + lost.why);
    connection_ = 0;
    registered_ = false;
    last_spawn_timestamp_ = 0;
    next_ready_ = steady_clock::now() + options_.times.ack_timeout;
    if (!lost_at_) lost_at_ = steady_clock::now();
    had_test_ = phase_ != Phase::ready;
    abandon_test();
    if (after_stop_ == AfterStop::end) status_ = status_done;
  }

  void on(const MasterLink::NotLocust&) {
    if (std::exchange(told_not_locust_, true)) return;
    log_.warning(fmt::format("The program at {}:{} does not speak like a Locust master: is it another service?{}",
                             options_.master_host, options_.master_port, options_.master_note));
  }

  void on(const MasterLink::Unreachable& unreachable) {
    log_.warning(fmt::format("Cannot reach a Locust master at {}:{}: {}. The worker keeps trying{}",
                             options_.master_host, options_.master_port, unreachable.why, options_.master_note));
  }

  void on(const MasterLink::Silent&) {
    log_.error(fmt::format("The master has not answered heartbeats for {} s. Quitting",
                           std::chrono::duration<double>(options_.times.master_silence_max).count()));
    abandon_test();
    status_ = status_no_master;
  }

  void on(MasterMessage& message) {
    std::visit(
        Overload{
            [this](const Ack& ack) { acknowledged(ack); }, [this](const Spawn& spawn) { spawn_users(spawn); },
            [this](const Stop&) { stop_by_master(); }, [this](const Quit&) { quit_by_master(); },
            [this](const Reconnect&) { link_->reconnect(); }, [](const MasterHeartbeat&) {},  // the link's
            [this](const AllSpawned&) { newer_master_ = true; },
            [this](const ClassUpdate& update) { update_class(update); },
            [this](const UnknownMessage& unknown) { log_.debug("Ignored a message: " + in_quotes(unknown.type)); }},
        message);
  }

  void send(std::string message) { link_->send(connection_, {std::move(message)}); }

  /// `after_test`: tells the master first to drop this worker with its users.
  void send_client_ready(bool after_test = false) {
    ++ready_tries_;
    next_ready_ = steady_clock::now() + options_.times.ack_timeout;
    std::vector<std::string> messages;
    if (after_test) messages.push_back(messages_.client_stopped());
    messages.push_back(messages_.client_ready());
    if (connection_ != 0) link_->send(connection_, std::move(messages));
  }

  void acknowledged(const Ack& ack) {
    if (registered_) return;
    registered_ = true;
    ready_tries_ = 0;
    lost_at_.reset();
    log_.info(fmt::format("The master registered this worker as number {}", ack.index));
  }

  // ---- the test

  void spawn_users(const Spawn& spawn) {
    // A master stops reading if a worker that it has not acknowledged reports users.
    if (!registered_) return log_.debug("Ignored a spawn that came before the master's ack");
    if (phase_ == Phase::stopping) return log_.warning("Ignored a spawn that came before all users had stopped");
    send(messages_.spawning());
    if (spawn.timestamp <= last_spawn_timestamp_) return log_.info("Ignored a spawn that is older than the last");
    last_spawn_timestamp_ = spawn.timestamp;
    spawn_ = spawn;
    enter(Phase::spawning);
    spawn_deadline_ = steady_clock::now() + spawn_time_max;
    // The master then gets the unchanged number of users.
    if (const auto allowed = users_allowed(); total_of(spawn_.users) > allowed) {
      return report_mistake(
          fmt::format("the master asks for {} users of this worker, which can have {} connections: use "
                      "more workers",
                      total_of(spawn_.users), allowed));
    }
    if (!run_ && !begin_test()) return;
    run_->set_users(spawn_);
    std::string missing;
    for (const std::string& name : run_->missing_classes()) missing += (missing.empty() ? "" : ", ") + in_quotes(name);
    if (!missing.empty()) {
      report_mistake("the master asks for users of " + missing +
                     ", which this worker does not have, or which the test did not begin with");
    }
  }

  /// False if the test cannot run; the master has been told why.
  bool begin_test() {
    auto made = LoadRun::create(spawn_, options_, class_updates_);
    if (!made) {
      report_mistake(made.error().message);
      return false;
    }
    run_ = std::move(*made);
    test_ = Statistics{};
    complaint_.clear();
    next_report_ = steady_clock::now() + options_.times.report_interval;
    log_.info("Test begins");
    return true;
  }

  /// Shows the message in the log and on the master's page, once until it changes.
  void report_mistake(std::string what) {
    constexpr std::size_t bytes_max = 1000;  // the text may quote long names of the master
    if (what.size() > bytes_max) what.resize(bytes_max);
    if (complaint_ == what) return;
    complaint_ = what;
    log_.error("Cannot run the users: " + what);
    send(messages_.exception(what, "swarm worker " + messages_.node_id()));
  }

  void spawned() {
    // Report first: the master resets its statistics when it learns that all users have started.
    if (spawn_.reset_stats) report();
    send(messages_.spawning_complete(users()));
    enter(Phase::running);
  }

  [[nodiscard]] ClassCounts users() const {
    if (run_) return run_->users();
    ClassCounts none;
    for (const auto& [name, count] : spawn_.users) none[name] = 0;
    return none;
  }

  /// Sends the statistics since the last report and the number of users. Sends nothing without a test: the master would
  /// compute its rates from the time of such a report.
  void report() {
    next_report_ = steady_clock::now() + options_.times.report_interval;
    if (!run_) return;
    LoadRun::Counted counted = run_->collect();
    test_.merge(counted.statistics);
    const std::uint64_t stalled = fail_stalled(counted.statistics, test_, epoch_now());
    send(messages_.stats(counted.statistics, counted.since, users()));
    if (const CutOff cut_off = counted.statistics.cut_off(); cut_off.requests() > 0) {
      log_.warning(
          fmt::format("{} requests were cut off with their users, in flight for up to {:.3f} s. The master "
                      "counts {} of them, which stalled, as failures, and does not count the others",
                      cut_off.requests(), std::chrono::duration<double>(cut_off.oldest).count(), stalled));
    }
    for (const Exception& exception : counted.statistics.exceptions()) {
      const std::uint64_t told = std::min(exception.count, exceptions_per_report_max);
      for (std::uint64_t i = 0; i < told; ++i) send(messages_.exception(exception.message, exception.traceback));
      if (told < exception.count) {
        log_.warning(fmt::format("{} times in this report, of which the master gets {}: {}", exception.count, told,
                                 exception.message));
      }
    }
  }

  void update_class(const ClassUpdate& update) {
    if (UserClass::find(update.class_name) == nullptr) {
      return log_.debug("Ignored a change of a class that this worker does not have: " + in_quotes(update.class_name));
    }
    ClassUpdate& known = class_updates_[update.class_name];
    if (update.host) known.host = update.host;
    if (update.tasks) known.tasks = update.tasks;
    if (run_) log_.warning(update.class_name + " has been changed for the next test");
  }

  // ---- the end of a test

  enum class AfterStop : std::uint8_t { ready, end };

  void stop_by_master() {
    if (!registered_) return;
    log_.info("The master stops the test");
    begin_stop(AfterStop::ready);
  }

  void quit_by_master() {
    log_.info("The master ends its workers");
    begin_stop(AfterStop::end);
  }

  void stop_by_signal() {
    const bool again = std::exchange(signalled_, true);
    log_.info(again ? "Got another signal, stopping users at once" : "Got a signal, quitting");
    begin_stop(AfterStop::end);
    if (again && run_) run_->stop(nanoseconds{0});
  }

  void begin_stop(AfterStop after) {
    if (after == AfterStop::end) after_stop_ = after;
    if (phase_ == Phase::stopping) return;
    const nanoseconds stop_timeout =
        std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(spawn_.stop_timeout_s));
    stop_deadline_ = steady_clock::now() + stop_timeout + stop_time_extra;
    if (run_) {
      run_->stop(stop_timeout);
      report();  // immediately: a headless master exits half a second after its quit
    }
    enter(Phase::stopping);
  }

  void stopped() {
    if (run_ && !run_->drained()) log_.warning("Some users did not stop in time and were cut off");
    if (registered_) report();
    run_.reset();
    enter(Phase::ready);
    spawn_ = {};
    if (after_stop_ == AfterStop::end) {
      if (registered_) send(messages_.quit());
      status_ = status_done;
      return;
    }
    registered_ = false;
    send_client_ready(true);
  }

  /// The master is gone, so the rest cannot be reported.
  void abandon_test() {
    if (run_) {
      run_->stop(nanoseconds{0});
      const std::uint64_t unreported = run_->collect().statistics.aggregated().requests;
      run_.reset();
      log_.warning(fmt::format("All users have been stopped; {} requests could not be reported", unreported));
    }
    enter(Phase::ready);
    spawn_ = {};
  }

  void enter(Phase phase) {
    INVARIANT(phase != Phase::spawning || phase_ != Phase::stopping, "users are started while others stop");
    INVARIANT(phase != Phase::running || phase_ == Phase::spawning, "a test runs that was in phase %d before",
              static_cast<int>(phase_));
    phase_ = phase;
    // Locust's states; it has none for stopping.
    link_->set_state(phase == Phase::ready ? "ready" : phase == Phase::spawning ? "spawning" : "running");
    if (phase == Phase::ready) link_->set_cpu_percent(0);
  }

  // ---- time

  void do_what_is_due(MonotonicTime now) {
    if (run_) {
      if (auto refused = run_->start_refusal()) {
        const bool our_host = !options_.host.empty() && refused->find(options_.host) != std::string::npos;
        report_mistake(*refused + (our_host ? options_.host_note : ""));
      }
    }
    if (phase_ == Phase::spawning && (!run_ || run_->has_wanted_users() || now >= spawn_deadline_)) spawned();
    if (phase_ == Phase::stopping && (!run_ || run_->drained() || now >= stop_deadline_)) stopped();
    if (status_) return;
    if (lost_at_ && now >= *lost_at_ + options_.times.master_lost_max) return give_up("The master has not come back");
    if (!registered_ && phase_ == Phase::ready && now >= next_ready_) {
      if (ready_tries_ >= options_.times.ack_tries) return give_up("No Locust master answers");
      send_client_ready();
    }
    if (phase_ != Phase::ready && now >= next_report_) report();
    if (now >= next_vitals_) {
      next_vitals_ = now + options_.times.heartbeat_interval;
      if (run_) link_->set_cpu_percent(run_->cpu_percent(now));
    }
    if (now >= next_logs_) {
      next_logs_ = now + options_.times.log_interval;
      if (newer_master_ && registered_ && log_.has_grown()) send(messages_.logs(log_.lines()));
    }
  }

  void give_up(std::string_view why) {
    log_.error(
        fmt::format("{} at {}:{}. Quitting{}", why, options_.master_host, options_.master_port, options_.master_note));
    status_ = status_no_master;
  }

  const WorkerOptions& options_;
  WorkerLog log_;
  const WorkerMessages messages_;
  const std::unique_ptr<MasterLink> link_;
  const int signals_fd_;
  std::optional<int> status_;

  std::uint64_t connection_ = 0;  // 0: none
  bool registered_ = false;       // the master has acknowledged the last client_ready
  bool newer_master_ = false;     // it accepts logs
  bool told_not_locust_ = false;  // a warning was logged that the peer is not a master
  bool had_test_ = false;         // when the connection was lost
  unsigned ready_tries_ = 0;
  std::optional<MonotonicTime> lost_at_;

  Phase phase_ = Phase::ready;
  AfterStop after_stop_ = AfterStop::ready;
  bool signalled_ = false;
  Spawn spawn_;  // the last spawn of this test
  double last_spawn_timestamp_ = 0;
  ClassUpdates class_updates_;
  Statistics test_;               // of the whole test, to detect stalled requests
  std::unique_ptr<LoadRun> run_;  // null if the test cannot run here
  std::string complaint_;
  MonotonicTime next_ready_{}, next_report_{}, next_vitals_{}, next_logs_{}, spawn_deadline_{}, stop_deadline_{};
};

}  // namespace

int run_worker(const WorkerOptions& options, Console& console) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Before other threads start, so that no thread receives the signals.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const UniqueFd signals_fd{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
  WorkerMessages messages{new_node_id()};
  MasterLinkOptions link_options{.host = options.master_host,
                                 .port = options.master_port,
                                 .heartbeat_interval = options.times.heartbeat_interval,
                                 .master_silence_max = options.times.master_silence_max};
  auto link = MasterLink::create(std::move(link_options), messages);
  if (!link || !signals_fd) {
    console.error("swarm.worker", link ? "cannot wait for signals" : link.error().message);
    return status_not_started;
  }
  return Worker{options, console, std::move(messages), std::move(*link), signals_fd.get()}.run();
}

}  // namespace triggers::swarm
