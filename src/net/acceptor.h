#pragma once

// Accepts connections in a loop, also while descriptors are used up. The listening socket is in listener.h; what
// becomes of a connection is http/server.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "base/task.h"
#include "net/listener.h"

namespace triggers::net {

/// Accepts connections from one listener and passes them on. Runs on the thread of its `io`.
class Acceptor {
 public:
  struct Calls {
    std::function<void(Accepted)> take;    ///< A new connection. If it throws, the connection is lost.
    std::function<void()> failed;          ///< A connection could not be accepted, or take() threw.
    std::function<void(Acceptor&)> ended;  ///< Destroys the acceptor.
  };

  Acceptor(boost::asio::io_context& io, Listener listener, Calls calls);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  /// Runs until stop().
  void start() { live(); }
  void stop();

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  RootTask live();
  /// Accepts all waiting connections. False: the process is out of file descriptors or memory.
  bool accept_some();

  Listener listener_;
  Calls calls_;
  Descriptor ready_;
  boost::asio::steady_timer pause_;
  bool stopping_ = false;
};

}  // namespace triggers::net
