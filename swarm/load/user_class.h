#pragma once

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

/// How long a user waits after a task. Drawn anew for each wait from `random`, uniform in [0, 1).
struct WaitTime {
  std::function<std::chrono::nanoseconds(double random)> draw;
};
/// Locust's `between`: uniform between both, in seconds.
[[nodiscard]] WaitTime between(double shortest_s, double longest_s);
/// Locust's `constant`, in seconds.
[[nodiscard]] WaitTime constant(double seconds);

/// A kind of user, as Locust's `User` class is one: what it does, how often, and how long it waits in between. Declared
/// once, at namespace scope, by the file that holds the user:
///
///     const UserClass& my_user = UserClass::declare("MyUser", make<MyUser>).waits(between(1, 2)).task(…);
class UserClass {
 public:
  struct TaskChoice {
    std::string name;
    unsigned weight;
    std::function<Task<void>(User&)> run;
  };

  /// `make` makes one user. The class is in all() from here on; a name is declared once.
  static UserClass& declare(std::string name, std::function<std::unique_ptr<User>(UserContext&)> make);
  UserClass(const UserClass&) = delete;
  UserClass& operator=(const UserClass&) = delete;

  UserClass& waits(WaitTime wait);
  UserClass& weighs(double weight);           ///< Among the classes; 1 if not said.
  UserClass& fixed_count(std::size_t users);  ///< So many, whatever the weights; 0 is not fixed.
  UserClass& task(std::string name, unsigned weight, std::function<Task<void>(User&)> run);
  /// What must be right before the first user starts, such as a key in the environment.
  UserClass& needs(std::function<Status()> check);

  /// The same class with only these of its tasks, as a master may ask for; not in all(). Null if it has none of them.
  [[nodiscard]] std::unique_ptr<const UserClass> with_tasks(const std::vector<std::string>& names) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] double weight() const noexcept { return weight_; }
  [[nodiscard]] std::size_t fixed() const noexcept { return fixed_count_; }
  [[nodiscard]] const std::vector<TaskChoice>& tasks() const noexcept { return tasks_; }
  [[nodiscard]] Status check() const { return check_ ? check_() : Status{Done{}}; }
  [[nodiscard]] std::chrono::nanoseconds draw_wait(double random) const { return wait_.draw(random); }
  /// A task by its weight; `random` is uniform in [0, 1).
  [[nodiscard]] const TaskChoice& choose_task(double random) const;
  [[nodiscard]] std::unique_ptr<User> make(UserContext& context) const;

  /// Every class, sorted by name. After static initialization; any thread.
  [[nodiscard]] static std::vector<const UserClass*> all();
  [[nodiscard]] static const UserClass* find(std::string_view name);

 private:
  UserClass(std::string name, std::function<std::unique_ptr<User>(UserContext&)> make);

  std::string name_;
  double weight_ = 1;
  std::size_t fixed_count_ = 0;
  WaitTime wait_time_ = constant(0);
  std::vector<TaskChoice> tasks_;
  unsigned weights_total_ = 0;
  std::function<Status()> check_;
  std::function<std::unique_ptr<User>(UserContext&)> make_;
};

}  // namespace triggers::swarm
