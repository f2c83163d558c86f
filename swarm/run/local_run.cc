#include "swarm/run/local_run.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "swarm/load/load_generator.h"
#include "swarm/run/main_wait.h"
#include "swarm/run/outputs.h"
#include "swarm/run/page_run.h"
#include "swarm/run/test_run.h"
#include "swarm/verify/journal.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view main_log = "swarm.main";
constexpr int status_not_started = 1, status_not_written = 2;

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
Result<std::unique_ptr<TestRun>> prepare(const Options& options, Console& console, MainWait& wait,
                                         std::unique_ptr<Journal>& journal) {
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
  return std::make_unique<TestRun>(options, console, wait, std::move(*load), std::move(*outputs), host, journal.get());
}

/// Finds the mistakes in the options before somebody at the page does.
Status check_before_page(const Options& options, Console& console, MainWait& wait) {
  if (options.host.empty()) {
    if (auto chosen = choose_classes(options.user_classes); !chosen) return std::move(chosen).error();
    if (auto outputs = Outputs::create(options, console); !outputs) return std::move(outputs).error();
    return Done{};
  }
  std::unique_ptr<Journal> none;
  auto run = prepare(options, console, wait, none);
  return run ? Status{Done{}} : Status{std::move(run).error()};
}

}  // namespace

int run_local(const Options& options, Console& console) {
  MainWait wait;
  std::unique_ptr<Journal> journal;  // must outlive the run
  std::unique_ptr<PageRun> page;
  if (options.serves_page) {
    page = std::make_unique<PageRun>(
        options, console, wait, [&](const Options& changed) { return prepare(changed, console, wait, journal); },
        choose_classes);
  }
  const auto not_started = [&console](const Error& error) {
    console.error(main_log, error.message);
    return status_not_started;
  };
  if (options.waits_for_page) {
    if (const auto checked = check_before_page(options, console, wait); !checked) return not_started(checked.error());
    if (const auto opened = page->open(); !opened) return not_started(opened.error());
    return page->run_tests();
  }
  auto run = prepare(options, console, wait, journal);
  if (!run) return not_started(run.error());
  if (page) {
    if (const auto opened = page->open(); !opened) return not_started(opened.error());
  }
  const int status = page ? page->run_one(**run) : (*run)->run();
  if (journal) {
    if (const auto finished = journal->finish(); !finished) {
      console.error(main_log, finished.error().message);
      return status == 0 ? status_not_written : status;
    }
  }
  return status;
}

}  // namespace triggers::swarm
