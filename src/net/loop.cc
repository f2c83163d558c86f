#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

#include "base/process_start.h"
#include "log/log.h"

namespace triggers::net {
namespace {

constexpr std::chrono::milliseconds failure_pause{5};
constexpr std::chrono::seconds failure_line_interval{1};

}  // namespace

Loop::Loop(std::chrono::milliseconds tick) : tick_(tick) {}

Loop::~Loop() = default;

void Loop::run() {
  const Scope scope(*this);
  const auto guard = boost::asio::make_work_guard(io());
  for (bool ended = false; !ended;) {
    try {
      if (!begun()) begin();
      io().run();
      ended = true;
    } catch (...) {
      // Most likely there was no memory for a handler of Asio's: its connection is lost, the others continue.
      tell_failure(std::current_exception());
      // No connection has used the memory: the next attempt may fail at once in the same way.
      if (!begun()) std::this_thread::sleep_for(failure_pause);
    }
  }
}

/// Continues where the last attempt failed. No acceptor ends before all have begun, because it needs a handler of io()
/// to end.
void Loop::begin() {
  if (!ticking_) tick();
  for (; accepting_ < acceptors_.size(); ++accepting_) acceptors_[accepting_]->start();
}

/// At most one line a second: a shortage may make every turn of the loop fail.
void Loop::tell_failure(const std::exception_ptr& failure) noexcept {
  ++failures_untold_;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_failure_line_) return;
  try {
    log::error("io_failed", {{"cause", cause_of(failure)}, {"times", failures_untold_}});
  } catch (...) {
    log::error("io_failed", {{"cause", "no memory"}, {"times", failures_untold_}});
  }
  next_failure_line_ = now + failure_line_interval;
  failures_untold_ = 0;
}

void Loop::accept_on(Listener listener, std::function<void(Accepted)> take, std::function<void()> failed) {
  auto ended = [this](Acceptor& acceptor) {
    accepting_ -= std::erase_if(acceptors_, [&](const auto& one) { return one.get() == &acceptor; });
    end_if_done();
  };
  Acceptor::Calls calls{std::move(take), std::move(failed), std::move(ended)};
  acceptors_.push_back(std::make_unique<Acceptor>(io(), std::move(listener), std::move(calls)));
}

void Loop::stop() {
  boost::asio::post(io(), [this] {
    stopping_ = true;
    for (const auto& acceptor : acceptors_) acceptor->stop();
    on_stop();
    end_if_done();
  });
}

void Loop::tick() {
  ticking_ = false;
  on_tick(std::chrono::steady_clock::now());
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
  ticking_ = true;
}

void Loop::end_if_done() {
  if (stopping_ && !has_connections() && acceptors_.empty()) io().stop();
}

}  // namespace triggers::net
