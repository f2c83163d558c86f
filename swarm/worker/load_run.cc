#include "swarm/worker/load_run.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
}

std::string joined(const auto& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string{name};
  return text;
}

/// The host of the spawn, which is for all classes; otherwise that of the classes; otherwise the worker's.
Result<std::string> host_of(const Spawn& spawn, const WorkerOptions& options, const ClassUpdates& updates) {
  if (!spawn.host.empty()) return spawn.host;
  std::set<std::string> hosts;
  for (const auto& [name, count] : spawn.users) {
    const auto update = updates.find(name);
    if (update != updates.end() && update->second.host && !update->second.host->empty()) {
      hosts.insert(*update->second.host);
    }
  }
  if (hosts.size() > 1) {
    return Error{ErrorCode::invalid_argument, "the classes have different hosts, but a test has one: " + joined(hosts)};
  }
  if (!hosts.empty()) return *hosts.begin();
  if (!options.host.empty()) return options.host;
  return Error{ErrorCode::invalid_argument,
               "no host: the master named none. Set it on its web page, or with --host on the master or this worker"};
}

/// A number from a master, which may be anything. What is too large is refused by InboxWork::check().
void set(std::size_t& target, const std::optional<double>& value) {
  constexpr double most = 1e9;
  if (value) target = *value >= 0 && *value <= most ? static_cast<std::size_t>(*value) : static_cast<std::size_t>(most);
}

void set_inbox_work(InboxWork& work, const Spawn& spawn) {
  if (spawn.inbox && !spawn.inbox->empty()) work.inbox = *spawn.inbox;
  set(work.lease_seconds, spawn.lease_seconds);
  set(work.lease_limit, spawn.lease_limit);
  set(work.handling_ms, spawn.handling_ms);
  if (spawn.release_percent) work.release_percent = *spawn.release_percent;
  if (spawn.abandon_percent) work.abandon_percent = *spawn.abandon_percent;
}

LoadOptions load_options(const Spawn& spawn, const WorkerOptions& options) {
  LoadOptions load = options.load;
  if (spawn.no_wait) load.no_wait = *spawn.no_wait;
  if (spawn.request_timeout_s && *spawn.request_timeout_s > 0) {
    load.request_timeout =
        std::max(std::chrono::seconds{1},
                 std::chrono::ceil<std::chrono::seconds>(std::chrono::duration<double>(*spawn.request_timeout_s)));
  }
  set_inbox_work(load.inbox_work, spawn);
  return load;
}

}  // namespace

Result<std::unique_ptr<LoadRun>> LoadRun::create(const Spawn& spawn, const WorkerOptions& options,
                                                 const ClassUpdates& updates) {
  std::vector<const UserClass*> classes;
  std::vector<std::unique_ptr<const UserClass>> narrowed;
  for (const auto& [name, count] : spawn.users) {
    const UserClass* known = UserClass::find(name);
    if (known == nullptr) continue;
    const auto update = updates.find(name);
    if (update != updates.end() && update->second.tasks) {
      narrowed.push_back(known->with_tasks(*update->second.tasks));
      if (narrowed.back() == nullptr) {
        return Error{ErrorCode::invalid_argument,
                     name + " has none of the tasks that the master chose: " + joined(*update->second.tasks)};
      }
      known = narrowed.back().get();
    }
    classes.push_back(known);
  }
  if (classes.empty()) {
    std::vector<std::string> named, ours;
    for (const auto& [name, count] : spawn.users) named.push_back(name);
    for (const UserClass* one : UserClass::all()) ours.push_back(one->name());
    return Error{ErrorCode::invalid_argument,
                 "this worker has none of the master's classes (" + joined(named) + "). It has: " + joined(ours)};
  }
  auto host = host_of(spawn, options, updates);
  if (!host) return std::move(host).error();
  auto target = Target::parse(*host);
  if (!target) {
    Error error = std::move(target).error();
    if (*host == options.host) error.message += options.host_note;
    return error;
  }
  LoadOptions chosen = load_options(spawn, options);
  if (auto checked = chosen.inbox_work.check(); !checked) return std::move(checked).error();
  auto load = LoadGenerator::create(std::move(*target), std::move(classes), std::move(chosen));
  if (!load) return std::move(load).error();
  anchor_epoch();  // no user runs yet
  return std::unique_ptr<LoadRun>{new LoadRun{std::move(*load), std::move(narrowed)}};
}

LoadRun::LoadRun(std::unique_ptr<LoadGenerator> load, std::vector<std::unique_ptr<const UserClass>> narrowed)
    : narrowed_(std::move(narrowed)),
      load_(std::move(load)),
      wanted_(load_->classes().size(), 0),
      since_(epoch_now()),
      measured_at_(steady_clock::now()) {}

void LoadRun::set_users(const Spawn& spawn) {
  std::fill(wanted_.begin(), wanted_.end(), 0);
  named_.clear();
  missing_.clear();
  const auto& classes = load_->classes();
  for (const auto& [name, count] : spawn.users) {
    named_.push_back(name);
    const auto ours =
        std::find_if(classes.begin(), classes.end(), [&](const auto* one) { return one->name() == name; });
    if (ours != classes.end()) {
      wanted_[static_cast<std::size_t>(ours - classes.begin())] = count;
    } else if (count > 0) {
      missing_.push_back(name);
    }
  }
  load_->set_users(wanted_, nanoseconds_of(spawn.stop_timeout_s));
}

void LoadRun::stop(nanoseconds stop_timeout) {
  std::fill(wanted_.begin(), wanted_.end(), 0);
  load_->set_users(wanted_, stop_timeout);
}

ClassCounts LoadRun::users() const {
  ClassCounts counts;
  for (const std::string& name : named_) counts[name] = 0;
  const auto users = load_->users();
  for (std::size_t i = 0; i < users.size(); ++i) counts[load_->classes()[i]->name()] = users[i];
  return counts;
}

LoadRun::Counted LoadRun::collect() {
  const EpochSeconds now = epoch_now();
  Statistics statistics = load_->collect();
  return {std::move(statistics), std::exchange(since_, now)};
}

double LoadRun::cpu_percent(steady_clock::time_point now) {
  const nanoseconds used = load_->processor_time();
  const auto elapsed = now - std::exchange(measured_at_, now);
  const auto spent = used - std::exchange(processor_time_, used);
  if (elapsed <= nanoseconds{0}) return 0;
  const double share = std::chrono::duration<double>(spent) / std::chrono::duration<double>(elapsed);
  const double percent = std::clamp(100 * share / static_cast<double>(load_->threads()), 0.0, 100.0);
  return std::round(percent * 10) / 10;  // the master's page shows all digits
}

}  // namespace triggers::swarm
