#include "swarm/script/loop_guard.h"

#include <unistd.h>

#include <lua.hpp>
#include <mutex>

#include "base/invariant.h"

namespace triggers::swarm {
namespace {

constexpr int signal_number = SIGVTALRM;
constexpr long tick_ns = 100'000'000;
constexpr int ticks_max = LoopGuard::busy_seconds_max * 10;

void raise_endless(lua_State* lua, lua_Debug*) {
  luaL_where(lua, 0);
  lua_pushfstring(lua, "endless loop: this ran for over %d s without a request, a wait or its end",
                  LoopGuard::busy_seconds_max);
  lua_concat(lua, 2);
  lua_error(lua);
}

}  // namespace

void LoopGuard::start() {
  started_ = true;
  static std::once_flag installed;
  std::call_once(installed, [] {
    struct sigaction action{};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    INVARIANT(::sigaction(signal_number, &action, nullptr) == 0);
  });
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal_number;
  event.sigev_value.sival_ptr = this;
  event._sigev_un._tid = ::gettid();
  INVARIANT(::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) == 0, "no timer for a script's thread");
  const itimerspec every{.it_interval = {.tv_sec = 0, .tv_nsec = tick_ns},
                         .it_value = {.tv_sec = 0, .tv_nsec = tick_ns}};
  INVARIANT(::timer_settime(timer_, 0, &every, nullptr) == 0);
}

LoopGuard::~LoopGuard() {
  if (started_) ::timer_delete(timer_);
}

void LoopGuard::on_signal(int, siginfo_t* info, void*) {
  if (info->si_code == SI_TIMER) static_cast<LoopGuard*>(info->si_value.sival_ptr)->tick();
}

void LoopGuard::tick() {
  lua_State* const lua = lua_;
  if (lua == nullptr || runs_ != seen_runs_) {
    seen_runs_ = runs_;
    ticks_ = 0;
    return;
  }
  if (++ticks_ < ticks_max || hooked_) return;
  hooked_ = true;
  lua_sethook(lua, raise_endless, LUA_MASKCOUNT, 1);
}

/// The hook stays until the code has ended: a pcall() in a loop would catch a single error.
void LoopGuard::unhook(lua_State* lua) {
  hooked_ = false;
  lua_sethook(lua, nullptr, 0, 0);
}

}  // namespace triggers::swarm
