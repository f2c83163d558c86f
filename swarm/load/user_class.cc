#include "swarm/load/user_class.h"

#include <algorithm>

#include "base/invariant.h"
#include "swarm/load/user.h"

namespace triggers::swarm {
namespace {

std::vector<std::unique_ptr<UserClass>>& classes() {
  static std::vector<std::unique_ptr<UserClass>> all;
  return all;
}

std::chrono::nanoseconds seconds(double value) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(value));
}

}  // namespace

WaitTime between(double shortest_s, double longest_s) {
  return WaitTime{[=](double random) { return seconds(shortest_s + random * (longest_s - shortest_s)); }};
}

WaitTime constant(double value) {
  return WaitTime{[=](double) { return seconds(value); }};
}

UserClass::UserClass(std::string name, std::function<std::unique_ptr<User>(UserContext&)> make)
    : name_(std::move(name)), make_(std::move(make)) {}

UserClass& UserClass::declare(std::string name, std::function<std::unique_ptr<User>(UserContext&)> make) {
  INVARIANT(find(name) == nullptr, "a second user class with the name of another");
  auto& all = classes();
  const auto after = std::find_if(all.begin(), all.end(), [&](const auto& other) { return name < other->name_; });
  return **all.insert(after, std::unique_ptr<UserClass>{new UserClass{std::move(name), std::move(make)}});
}

UserClass& UserClass::waits(WaitTime wait) {
  wait_time_ = std::move(wait);
  return *this;
}

UserClass& UserClass::weighs(double weight) {
  weight_ = weight;
  return *this;
}

UserClass& UserClass::fixed_count(std::size_t users) {
  fixed_count_ = users;
  return *this;
}

UserClass& UserClass::only_if_named() {
  only_if_named_ = true;
  return *this;
}

UserClass& UserClass::task(std::string name, unsigned weight, std::function<Task<void>(User&)> run) {
  INVARIANT(weight > 0, "a task without a weight would never run");
  weights_total_ += weight;
  tasks_.push_back({std::move(name), weight, std::move(run)});
  return *this;
}

UserClass& UserClass::needs(std::function<Status()> check) {
  check_ = std::move(check);
  return *this;
}

std::unique_ptr<const UserClass> UserClass::with_tasks(const std::vector<std::string>& names) const {
  std::unique_ptr<UserClass> narrowed{new UserClass{name_, make_}};
  narrowed->weight_ = weight_;
  narrowed->fixed_count_ = fixed_count_;
  narrowed->only_if_named_ = only_if_named_;
  narrowed->wait_time_ = wait_time_;
  narrowed->check_ = check_;
  for (const TaskChoice& choice : tasks_) {
    if (std::find(names.begin(), names.end(), choice.name) == names.end()) continue;
    narrowed->task(choice.name, choice.weight, choice.run);
  }
  if (narrowed->tasks_.empty()) return nullptr;
  return narrowed;
}

const UserClass::TaskChoice& UserClass::choose_task(double random) const {
  INVARIANT(!tasks_.empty(), "a user class without tasks");
  auto chosen = static_cast<unsigned>(random * weights_total_);
  for (const TaskChoice& task : tasks_) {
    if (chosen < task.weight) return task;
    chosen -= task.weight;
  }
  return tasks_.back();
}

std::vector<const UserClass*> UserClass::all() {
  std::vector<const UserClass*> all;
  for (const auto& one : classes()) all.push_back(one.get());
  return all;
}

const UserClass* UserClass::find(std::string_view name) {
  const auto found =
      std::find_if(classes().begin(), classes().end(), [&](const auto& other) { return other->name() == name; });
  return found == classes().end() ? nullptr : found->get();
}

void UserClass::forget_all() { classes().clear(); }

std::unique_ptr<User> UserClass::make(UserContext& context) const { return make_(context); }

}  // namespace triggers::swarm
