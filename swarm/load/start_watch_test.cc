// A machine without free descriptors is not taken for a service that is down. Other reasons to end a test at its start
// are in load_generator_test.cc and tests/e2e/test_ci_gate.py.

#include "swarm/load/start_watch.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "swarm/load/load_generator.h"
#include "swarm/load/scripted_server.h"
#include "swarm/load/user.h"
#include "swarm/load/user_class.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

const RequestName get_thing{"GET", "GET /thing"};

class Starter final : public User {
 public:
  using User::User;
  Task<void> run() { const Response response = co_await get(get_thing, "/thing"); }
};

const UserClass& starter = UserClass::declare("Starter", make<Starter>).task("run", 1, task<&Starter::run>);

TEST(StartWatch, AMachineWithoutDescriptorsIsNotTakenForAServiceThatIsDown) {
#ifdef TRIGGERS_SANITIZE
  GTEST_SKIP() << "UndefinedBehaviorSanitizer opens a pipe to look at the type of an object";
#endif
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  auto target = Target::parse(server.url());
  ASSERT_TRUE(target.ok());
  auto load = LoadGenerator::create(std::move(*target), {&starter}, {});
  ASSERT_TRUE(load.ok());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int free = ::dup(0);
  ::close(free);
  rlimit none_left = before;
  none_left.rlim_cur = static_cast<rlim_t>(free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  (*load)->set_users({1}, 0s);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!(*load)->start_refusal() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  (*load)->stop(5s);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_GE((*load)->shortages().descriptors, 1U);
  const std::string refusal = (*load)->start_refusal().value_or("");
  EXPECT_NE(refusal.find("OSError(24, 'Too many open files'). This machine is short of"), std::string::npos) << refusal;
  EXPECT_EQ(refusal.find("Is the service running there?"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace triggers::swarm
