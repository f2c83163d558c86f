#pragma once

// For tests: a script in a temporary folder, its users under load against a scripted server, and what was counted.

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "swarm/load/load_fixture.h"
#include "swarm/load/scripted_server.h"
#include "swarm/report/test_folder.h"
#include "swarm/script/script.h"

namespace triggers::swarm {

/// The error of a script that cannot be read or has no users; empty if there is none.
inline std::string mistake_in(const std::string& text) {
  const TestFolder folder;
  std::ofstream(folder / "load.lua") << text;
  auto script = Script::read(folder / "load.lua");
  if (!script) return script.error().message;
  const Status declared = (*script)->declare_users();
  return declared ? "" : declared.error().message;
}

/// Runs one user of each class of a script without waits, unless the options say otherwise. One at a time: the next one
/// declares its classes in the place of these.
class ScriptRun {
 public:
  explicit ScriptRun(const std::string& text, ScriptedServer::Script server = answer_all, LoadOptions options = {})
      : server_([this, server = std::move(server)](std::string_view request, std::size_t number) {
          {
            const MutexLock lock(mutex_);
            requests_.emplace_back(request);
          }
          return server(request, number);
        }) {
    std::ofstream(folder_ / "load.lua") << text;
    auto read = Script::read(folder_ / "load.lua");
    EXPECT_TRUE(read.ok()) << read.error().message;
    script_ = std::move(*read);
    options_ = std::move(options);
  }

  static ScriptedServer::Reply answer_all(std::string_view, std::size_t) {
    return ScriptedServer::status(201, R"({"id":"7","list":[{"n":1.5},{"n":null}],"more":true})");
  }

  [[nodiscard]] TestFolder& folder() noexcept { return folder_; }
  [[nodiscard]] Script& script() noexcept { return *script_; }
  [[nodiscard]] std::size_t connections() const noexcept { return server_.connections(); }

  /// Starts one user of each class.
  ScriptRun& start() {
    const Status declared = script_->declare_users();
    EXPECT_TRUE(declared.ok()) << (declared ? "" : declared.error().message);
    const auto classes = UserClass::all();
    test_ = std::make_unique<LoadTest>(server_.url(), classes, options_);
    test_->load->set_users(std::vector<std::size_t>(classes.size(), 1), std::chrono::seconds{0});
    return *this;
  }
  LoadTest& test() { return *test_; }
  /// Runs until this many requests of the name, which POST has if none is given, are counted.
  const Entry& until(std::string_view name, std::uint64_t requests, std::string_view method = "POST") {
    if (!test_) start();
    EXPECT_TRUE(test_->count(RequestName{method, name}, requests)) << first_exception();
    return test_->entry(RequestName{method, name});
  }
  /// Runs until an exception is counted; returns its message.
  std::string exception() {
    if (!test_) start();
    EXPECT_TRUE(test_->until([&] { return !test_->counted.exceptions().empty(); }));
    return first_exception();
  }
  std::string first_exception() {
    return test_->counted.exceptions().empty() ? "" : test_->counted.exceptions().front().message;
  }
  /// Stops the users, gives them time for on_stop, and collects.
  void stop() {
    test_->load->stop(std::chrono::seconds{5});
    test_->collect();
  }
  [[nodiscard]] std::vector<std::string> requests() {
    const MutexLock lock(mutex_);
    return requests_;
  }
  /// The first lines of the requests so far, without the version.
  [[nodiscard]] std::vector<std::string> targets() {
    std::vector<std::string> all;
    for (const std::string& request : requests()) all.push_back(request.substr(0, request.find(" HTTP/1.1")));
    return all;
  }

 private:
  TestFolder folder_;
  Mutex mutex_;
  std::vector<std::string> requests_ GUARDED_BY(mutex_);
  ScriptedServer server_;
  LoadOptions options_;
  std::unique_ptr<Script> script_;
  std::unique_ptr<LoadTest> test_;  // before the script it is destroyed
};

}  // namespace triggers::swarm
