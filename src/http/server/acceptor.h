#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <span>

#include "base/task.h"
#include "http/server/server_state.h"
#include "net/listener.h"

namespace triggers::http {

class Loop;

/// Takes connections from one listener and hands them to the loops in turn. Runs on its home loop.
class Acceptor {
 public:
  Acceptor(Loop& home, std::span<const std::unique_ptr<Loop>> loops, ServerState& state, Listener listener);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  /// Runs until stop(). Tells the home loop when it has ended, which destroys it.
  void start() { live(); }
  void stop();

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  RootTask live();
  /// Takes those that wait; false if the process has run out of what a connection needs.
  bool accept_some();
  void hand_over(Listener::Accepted accepted);

  Loop& home_;
  std::span<const std::unique_ptr<Loop>> loops_;
  ServerState& state_;
  Listener listener_;
  Descriptor ready_;
  boost::asio::steady_timer pause_;
  std::size_t next_ = 0;
  bool stopping_ = false;
};

}  // namespace triggers::http
