#pragma once

// The tests that the page starts, one after the other; and the page of a test that the command line has started. What
// the page sees of them is in web/test_control.h; one test is in test_run.h.

#include <functional>
#include <memory>

#include "base/result.h"
#include "swarm/run/console.h"
#include "swarm/run/main_wait.h"
#include "swarm/run/options.h"
#include "swarm/run/test_run.h"
#include "swarm/web/desk.h"
#include "swarm/web/test_control.h"
#include "swarm/web/web_server.h"

namespace triggers::swarm {

/// Owns the page's server and what it controls. On the thread of `wait` only.
class PageRun final : private TestControl {
 public:
  /// Makes a test from the options, which outlive it.
  using MakeTest = std::function<Result<std::unique_ptr<TestRun>>(const Options&)>;
  /// The classes of a test with these names; without names, those that it runs then.
  using ChooseClasses = std::function<Result<std::vector<const UserClass*>>(const std::vector<std::string>&)>;

  PageRun(const Options& options, Console& console, MainWait& wait, MakeTest make_test, ChooseClasses choose);
  PageRun(const PageRun&) = delete;
  PageRun& operator=(const PageRun&) = delete;
  ~PageRun();

  /// Opens the port and logs the page's address. Error: as WebServer::start().
  Status open();
  /// Runs the tests that the page starts, until a signal arrives. Returns the exit status of the last one; 0 without
  /// any.
  int run_tests();
  /// Runs this test, which the page only shows, changes or stops. Returns its exit status.
  int run_one(TestRun& test);

 private:
  struct Test {
    Options options;
    std::unique_ptr<TestRun> run;
  };

  [[nodiscard]] TestView view() const override;
  [[nodiscard]] TestSettings settings() const override;
  Status start_or_change(const LoadRequest& request) override;
  void stop() override;
  void reset() override;
  [[nodiscard]] std::vector<std::string> log_lines() const override;

  Status start(const LoadRequest& request);
  Status change(const LoadRequest& request);
  [[nodiscard]] bool is_active() const;
  [[nodiscard]] const Options& current_options() const { return test_ ? test_->options : options_; }
  void warn_of_open_page();

  const Options& options_;
  Console& console_;
  MainWait& wait_;
  MakeTest make_test_;
  ChooseClasses choose_;
  std::unique_ptr<Test> test_;        // the last one that the page has started
  TestRun* run_ = nullptr;            // the last one; null before the first
  bool has_begun_ = true;             // false: run_ waits for run_tests()
  std::optional<std::size_t> users_;  // as last changed
  std::optional<double> spawn_rate_;
  std::uint64_t tests_ = 0;
  Desk desk_;
  std::unique_ptr<WebServer> server_;
};

}  // namespace triggers::swarm
