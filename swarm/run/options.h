#pragma once

// The options of the program `swarm`: reads them from the command line and the environment, checks them, and prints the
// help and mistakes. The options of a load alone are in load/load_options.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "swarm/load/arrivals.h"
#include "swarm/load/inbox_work.h"
#include "swarm/load/load_curve.h"
#include "swarm/run/console.h"
#include "swarm/run/option_sources.h"
#include "swarm/run/script_arguments.h"
#include "swarm/web/web_options.h"

namespace triggers::swarm {

/// Options from the command line and the environment. Names, meanings and defaults are Locust 2.12's where it has the
/// option.
struct Options {
  std::string host;
  std::optional<std::size_t> users;
  std::optional<double> spawn_rate;
  std::chrono::seconds run_time{0};  ///< 0: no limit; with `verify_path`, verify()'s default.
  std::vector<std::string> user_classes;
  std::string csv_prefix;
  bool csv_full_history = false;
  std::string html_path;
  bool only_summary = false;
  std::chrono::seconds stop_timeout{0};
  bool reset_stats = false;
  std::optional<int> exit_code_on_error;
  LogLevel log_level = LogLevel::info;
  std::string log_file;
  bool list = false;
  bool headless = false;

  bool worker = false;
  std::string master_host = "127.0.0.1";
  std::uint16_t master_port = 5557;

  WebOptions web;
  bool asks_for_page = false;   ///< An argument is an option of the page.
  bool serves_page = false;     ///< There is a page, whoever starts the test.
  bool waits_for_page = false;  ///< The page starts the tests; or WebOptions::autostart the first one.

  // Options that Locust does not have.
  std::size_t threads = 1;
  bool no_wait = false;
  bool keep_going = false;        ///< Continue even if the service cannot be reached, or refuses the key, at the start.
  std::optional<LoadCurve> rate;  ///< Tasks per second.
  ArrivalSpread arrivals = ArrivalSpread::constant;
  std::optional<LoadCurve> stages;  ///< Users.
  std::string stages_text;          ///< Those of `stages` or `rate`, as given; empty for a constant rate.
  std::optional<std::uint64_t> iterations;
  std::chrono::seconds warm_up{0};
  bool json = false;
  std::vector<std::string> fail_if;
  std::string journal_path;
  std::string verify_path;
  bool exclusive = false;
  std::optional<std::size_t> retention_days;  ///< With `verify_path`; 30 if not given.
  std::string ca_file;
  bool verify_tls = true;
  std::chrono::seconds request_timeout{60};
  InboxWork inbox_work;

  ScriptArguments script;

  OptionSources sources;
};

/// The options, or the exit status if the program must end now: 0 after printing the help or the version, 2 after
/// explaining a mistake on standard error.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace triggers::swarm
