#include "swarm/run/page_run.h"

#include <fmt/format.h>

#include <algorithm>

namespace triggers::swarm {
namespace {

constexpr std::string_view main_log = "swarm.main";
constexpr std::chrono::hours idle_wait{1};

TestState state_of(TestRun::Phase phase) {
  switch (phase) {
    case TestRun::Phase::ready:
    case TestRun::Phase::spawning: return TestState::spawning;
    case TestRun::Phase::running: return TestState::running;
    case TestRun::Phase::stopping: return TestState::stopping;
    case TestRun::Phase::stopped: return TestState::stopped;
  }
  return TestState::ready;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

}  // namespace

PageRun::PageRun(const Options& options, Console& console, MainWait& wait, MakeTest make_test, ChooseClasses choose)
    : options_(options),
      console_(console),
      wait_(wait),
      make_test_(std::move(make_test)),
      choose_(std::move(choose)),
      desk_([&wait] { wait.call(); }) {
  wait_.serve_with([this] { desk_.serve(*this); });
}

PageRun::~PageRun() { wait_.serve_with({}); }

Status PageRun::open() {
  auto server = WebServer::start(options_.web, desk_);
  if (!server) {
    return Error{server.error().code,
                 server.error().message +
                     options_.sources.note({"--web-host", "--web-port", "--tls-cert", "--tls-key"}) +
                     ". The page needs another --web-host or --web-port; --headless runs a test "
                     "without it"};
  }
  server_ = std::move(*server);
  console_.info(main_log, "Starting web interface at " + server_->url());
  warn_of_open_page();
  return Done{};
}

void PageRun::warn_of_open_page() {
  if (is_loopback(options_.web.host)) return;
  if (options_.web.login.empty()) {
    console_.warning(main_log,
                     "Other machines can open the page (--web-host) without a login, and start load from this "
                     "machine. Set LOCUST_WEB_AUTH to USER:PASSWORD, or leave --web-host out");
  } else if (options_.web.tls_cert_path.empty()) {
    console_.warning(main_log,
                     "The page's password goes over the network unencrypted. Use --tls-cert and --tls-key, or "
                     "a proxy with TLS");
  }
}

int PageRun::run_tests() {
  int status = 0;
  if (options_.web.autostart) {
    if (const auto started = start({}); !started) {
      console_.error(main_log, started.error().message);
      return 1;
    }
  }
  auto until = std::chrono::steady_clock::time_point::max();
  while (std::chrono::steady_clock::now() < until) {
    if (!has_begun_) {
      has_begun_ = true;
      status = run_->run();
      run_->release_load();
      if (run_->interrupted()) return status;
      if (options_.web.autoquit) until = std::chrono::steady_clock::now() + *options_.web.autoquit;
    }
    if (wait_.stop_signal_before(std::min(until, std::chrono::steady_clock::now() + idle_wait)) || console_.closed())
      break;
    if (!has_begun_) until = std::chrono::steady_clock::time_point::max();
  }
  if (std::chrono::steady_clock::now() >= until) console_.info(main_log, "--autoquit time reached, shutting down");
  console_.info(main_log, fmt::format("Shutting down (exit code {})", status));
  return status;
}

int PageRun::run_one(TestRun& test) {
  run_ = &test;
  ++tests_;
  const int status = test.run();
  server_.reset();
  run_ = nullptr;
  return status;
}

TestView PageRun::view() const {
  if (run_ == nullptr) return {};
  return {.state = state_of(run_->phase()),
          .users = run_->users(),
          .test = tests_,
          .version = run_->version(),
          .report = run_->latest()};
}

TestSettings PageRun::settings() const {
  const Options& options = current_options();
  TestSettings settings{.host = options.host,
                        .users = users_ ? users_ : options.users,
                        .spawn_rate = spawn_rate_ ? spawn_rate_ : options.spawn_rate,
                        .run_time = options.run_time,
                        .classes = UserClass::all(),
                        .chosen = {},
                        .load_is_fixed = options.stages || options.rate,
                        .picks_classes = options.web.class_picker,
                        .can_start = options.waits_for_page};
  if (auto chosen = choose_(options.user_classes)) settings.chosen = std::move(*chosen);
  return settings;
}

bool PageRun::is_active() const { return run_ != nullptr && run_->phase() != TestRun::Phase::stopped; }

Status PageRun::start_or_change(const LoadRequest& request) { return is_active() ? change(request) : start(request); }

Status PageRun::change(const LoadRequest& request) {
  if (run_->phase() == TestRun::Phase::stopping) {
    return Error{ErrorCode::conflict, "The test is stopping. Try again when it has stopped"};
  }
  if (run_->load_is_fixed()) {
    return Error{ErrorCode::conflict,
                 "This test has a fixed load (--rate or --stages), so its users cannot be changed"};
  }
  const TestSettings now = settings();
  if (request.host && *request.host != now.host) {
    return Error{ErrorCode::conflict, "The host of a running test cannot be changed. Stop the test first"};
  }
  users_ = request.users.value_or(now.users.value_or(1));
  spawn_rate_ = request.spawn_rate.value_or(now.spawn_rate.value_or(1));
  run_->change_users(*users_, *spawn_rate_);
  return Done{};
}

Status PageRun::start(const LoadRequest& request) {
  if (!options_.waits_for_page) return Error{ErrorCode::conflict, "This swarm ends with its test, and starts no other"};
  auto next = std::make_unique<Test>(Test{.options = current_options(), .run = nullptr});
  Options& options = next->options;
  if (request.host) options.host = *request.host;
  if (request.run_time && options.stages_text.empty()) options.run_time = *request.run_time;
  if (!request.user_classes.empty()) {
    if (!options.web.class_picker) {
      return Error{ErrorCode::invalid_argument, "User classes can be chosen only if swarm runs with --class-picker"};
    }
    options.user_classes = request.user_classes;
  }
  if (!options.stages) {
    if (request.users) options.users = request.users;
    if (request.spawn_rate) options.spawn_rate = request.spawn_rate;
  }
  if (options.host.empty()) return Error{ErrorCode::invalid_argument, "Give a host: http://localhost:8000"};
  auto made = make_test_(options);
  if (!made) return std::move(made).error();
  next->run = std::move(*made);
  test_ = std::move(next);
  run_ = test_->run.get();
  users_.reset();
  spawn_rate_.reset();
  has_begun_ = false;
  ++tests_;
  return Done{};
}

void PageRun::stop() {
  if (is_active()) run_->stop();
}

void PageRun::reset() {
  if (run_ != nullptr) run_->reset_statistics();
}

std::vector<std::string> PageRun::log_lines() const { return console_.newest_lines(); }

}  // namespace triggers::swarm
