#pragma once

// The declaration of a kind of user: tasks, weights, wait time, a check before the start; the same kind with fewer
// tasks; and the list of all kinds in this program. Its behaviour is a subclass of User (user.h).

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace triggers::swarm {

class User;
class UserContext;

/// Locust's `wait_time`: how long a user waits after a task. Each wait is drawn anew; `random` is uniform in [0, 1).
struct WaitTime {
  std::function<std::chrono::nanoseconds(double random)> draw;
};
/// Locust's `between`: uniform between the two, in seconds.
[[nodiscard]] WaitTime between(double shortest_s, double longest_s);
/// Locust's `constant`, in seconds.
[[nodiscard]] WaitTime constant(double seconds);

/// A kind of user, like a `User` class of Locust: its tasks, their weights, and its wait time. The file that defines
/// the user declares the class once, at namespace scope:
///
///     const UserClass& my_user = UserClass::declare("MyUser", make<MyUser>).waits(between(1, 2)).task(…);
class UserClass {
 public:
  struct TaskChoice {
    std::string name;
    unsigned weight;
    std::function<Task<void>(User&)> run;
  };

  /// `make` creates one user. Adds the class to all(). Each name may be declared once.
  static UserClass& declare(std::string name, std::function<std::unique_ptr<User>(UserContext&)> make);
  UserClass(const UserClass&) = delete;
  UserClass& operator=(const UserClass&) = delete;

  UserClass& waits(WaitTime wait);
  UserClass& weighs(double weight);           ///< Relative to the other classes; 1 by default.
  UserClass& fixed_count(std::size_t users);  ///< This many users, whatever the weights; 0: by weight.
  /// Users of this class run only if a test names it: they need what not every service has, or change what others see.
  UserClass& only_if_named();
  UserClass& task(std::string name, unsigned weight, std::function<Task<void>(User&)> run);
  /// Checked before the first user starts, for instance that the environment has a key.
  UserClass& needs(std::function<Status()> check);

  /// A copy with only these tasks, as a master may request; it is not in all(). Null if the class has none of them.
  [[nodiscard]] std::unique_ptr<const UserClass> with_tasks(const std::vector<std::string>& names) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool is_only_if_named() const noexcept { return only_if_named_; }
  [[nodiscard]] double weight() const noexcept { return weight_; }
  [[nodiscard]] std::size_t fixed() const noexcept { return fixed_count_; }
  [[nodiscard]] const std::vector<TaskChoice>& tasks() const noexcept { return tasks_; }
  [[nodiscard]] Status check() const { return check_ ? check_() : Status{Done{}}; }
  [[nodiscard]] std::chrono::nanoseconds draw_wait(double random) const { return wait_time_.draw(random); }
  /// Chooses a task by weight; `random` is uniform in [0, 1).
  [[nodiscard]] const TaskChoice& choose_task(double random) const;
  [[nodiscard]] std::unique_ptr<User> make(UserContext& context) const;

  /// All classes, sorted by name. Call it after static initialization. Thread-safe.
  [[nodiscard]] static std::vector<const UserClass*> all();
  [[nodiscard]] static const UserClass* find(std::string_view name);
  /// Removes all classes, so that those of a script take their place. Before any of them is used.
  static void forget_all();

 private:
  UserClass(std::string name, std::function<std::unique_ptr<User>(UserContext&)> make);

  std::string name_;
  double weight_ = 1;
  std::size_t fixed_count_ = 0;
  bool only_if_named_ = false;
  WaitTime wait_time_ = constant(0);
  std::vector<TaskChoice> tasks_;
  unsigned weights_total_ = 0;
  std::function<Status()> check_;
  std::function<std::unique_ptr<User>(UserContext&)> make_;
};

}  // namespace triggers::swarm
