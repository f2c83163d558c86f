#pragma once

// For tests: a load against a URL with what it has counted, and a kind of user that sends one request after the other.
// The server is in scripted_server.h.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "swarm/load/load_generator.h"
#include "swarm/load/scripted_server.h"
#include "swarm/load/user.h"
#include "swarm/load/user_class.h"

namespace triggers::swarm {

inline const RequestName get_thing{"GET", "GET /thing"};

/// One request after the other, without a wait.
class Getter final : public User {
 public:
  using User::User;
  Task<void> run() {
    Response response = co_await get(get_thing, "/thing");
    if (response.status() == 201) response.accepted(1);
  }
};

inline const UserClass& getter = UserClass::declare("Getter", make<Getter>).task("run", 1, task<&Getter::run>);

/// A LoadGenerator against a URL, and what it has counted so far.
struct LoadTest {
  explicit LoadTest(const std::string& url, std::vector<const UserClass*> classes = {&getter},
                    LoadOptions options = {}) {
    auto target = Target::parse(url);
    EXPECT_TRUE(target.ok());
    auto made = LoadGenerator::create(std::move(*target), std::move(classes), std::move(options));
    EXPECT_TRUE(made.ok());
    load = std::move(*made);
  }

  /// Open model: starts the users and, once they are ready, the schedule.
  void start_schedule(const std::vector<std::size_t>& users) {
    load->set_users(users, std::chrono::seconds{0});
    EXPECT_TRUE(until([&] { return !load->starting(); }));
    load->start_schedule(std::chrono::steady_clock::now());
  }
  void collect() { counted.merge(load->collect()); }
  /// Collects until so much is counted under the name; false after ten seconds.
  bool count(RequestName name, std::uint64_t requests) {
    return until([&] {
      const Entry* const entry = counted.find(name);
      return entry != nullptr && entry->requests >= requests;
    });
  }
  template <class Condition>
  bool until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (collect(); !condition(); collect()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  const Entry& entry(RequestName name) {
    collect();
    static const Entry none;
    const Entry* const found = counted.find(name);
    return found == nullptr ? none : *found;
  }
  std::string first_failure() { return counted.failures().empty() ? "" : counted.failures().front().error; }

  std::unique_ptr<LoadGenerator> load;
  Statistics counted;
};

}  // namespace triggers::swarm
