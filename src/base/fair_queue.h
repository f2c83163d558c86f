#pragma once

// A queue in which tenants take turns, without threads. With threads it is in turn_pool.h or
// store/rocks/read/reader_pool.h; memory is divided by fair_budget.h.

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/invariant.h"

namespace triggers {

/// A bounded queue of work for many users (tenants) that take turns: each pop() takes the oldest item of the next user,
/// so a user with much work delays another by one item and not by its whole queue.
///
/// Two shares are fair:
/// - Of the room: a user may have at most as many items waiting as places are free. A lone user fills half of the
///   queue, and however greedy the users are, the next one finds room.
/// - Of the threads: at most `running_max` items of one user are in progress at once.
///
/// Not thread-safe: its owner has a lock.
template <class Item>
class FairQueue {
 public:
  FairQueue(std::size_t waiting_max, std::size_t running_max) : waiting_max_(waiting_max), running_max_(running_max) {}
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  /// An item whose turn it is. The user's name is valid until done().
  struct Turn {
    Item item;
    std::string_view user;
  };

  /// False, and nothing is queued, if the user has its share of the room. Without memory it throws, and has changed
  /// nothing.
  [[nodiscard]] bool push(std::string_view name, Item item) {
    User& user = user_of(name);
    if (user.waiting.size() >= waiting_max_ - waiting_) {
      forget_if_idle(user);
      return false;
    }
    try {
      user.waiting.push_back(std::move(item));
    } catch (...) {
      forget_if_idle(user);
      throw;
    }
    ++waiting_;
    if (user.running < running_max_) line_up(user);
    return true;
  }

  /// True if pop() has something.
  [[nodiscard]] bool ready() const noexcept { return !in_line_.empty(); }

  /// The next user's oldest item; nothing if none waits, or if every user with a waiting item has `running_max` in
  /// progress. Call done() when the item has been processed.
  [[nodiscard]] std::optional<Turn> pop() noexcept {
    if (in_line_.empty()) return std::nullopt;
    User& user = **in_line_.begin();
    leave_line(user);
    INVARIANT(!user.waiting.empty(), "%s stands in line and has nothing waiting", user.name.c_str());
    std::optional<Turn> turn(Turn{std::move(user.waiting.front()), user.name});
    user.waiting.pop_front();
    --waiting_;
    ++user.running;
    // Behind the others.
    if (!user.waiting.empty() && user.running < running_max_) line_up(user);
    return turn;
  }

  /// An item of this user is no longer in progress.
  void done(std::string_view name) noexcept {
    const auto found = users_.find(name);
    INVARIANT(found != users_.end() && found->second->running > 0,
              "done() for the user %.*s, which has nothing at work", static_cast<int>(name.size()), name.data());
    User& user = *found->second;
    --user.running;
    if (!user.waiting.empty()) line_up(user);
    forget_if_idle(user);
  }

  /// Items that wait.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  /// Users that have an item waiting or in progress.
  [[nodiscard]] std::size_t users() const noexcept { return users_.size(); }

 private:
  struct User {
    explicit User(std::string_view its_name) : name(its_name) {}
    const std::string name;
    std::deque<Item> waiting;
    std::size_t running = 0;
    // Its list node while it is not in line. So joining the line allocates nothing and cannot fail.
    std::list<User*> node;
    bool in_line = false;
  };

  User& user_of(std::string_view name) {
    if (const auto found = users_.find(name); found != users_.end()) return *found->second;
    auto made = std::make_unique<User>(name);
    made->node.push_back(made.get());
    User& user = *made;
    users_.emplace(std::string_view(user.name), std::move(made));
    return user;
  }

  void line_up(User& user) noexcept {
    if (std::exchange(user.in_line, true)) return;
    in_line_.splice(in_line_.end(), user.node);
  }

  void leave_line(User& user) noexcept {
    user.in_line = false;
    user.node.splice(user.node.end(), in_line_, in_line_.begin());
  }

  void forget_if_idle(User& user) noexcept {
    if (user.waiting.empty() && user.running == 0) users_.erase(users_.find(std::string_view(user.name)));
  }

  const std::size_t waiting_max_, running_max_;
  std::size_t waiting_ = 0;
  std::unordered_map<std::string_view, std::unique_ptr<User>> users_;  // The names are the users' own.
  std::list<User*> in_line_;  // With an item waiting, and fewer than running_max in progress.
};

}  // namespace triggers
