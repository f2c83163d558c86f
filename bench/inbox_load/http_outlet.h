#pragma once

// Workers that lease events over HTTP and acknowledge them. What a request looks like is in http_protocol.h.

#include <memory>
#include <vector>

#include "http_protocol.h"
#include "sides.h"
#include "swarm/load/connection.h"

namespace triggers::bench {

/// Workers, each with a keep-alive connection.
class HttpOutlet final : public Outlet {
 public:
  struct Settings {
    std::size_t workers = 32;
    std::size_t batch = 10;
    bool waits =
        false;  ///< A worker without events waits in the server. Otherwise it asks when told that there are some.
  };

  /// `waiting` is for requests that only wait; it may be `context`. Uses all references, which outlive it.
  HttpOutlet(swarm::ConnectionContext& context, swarm::ConnectionContext& waiting, HttpProtocol& protocol,
             Settings settings);
  ~HttpOutlet() override;

  void start(Listener& listener) override;
  void drain() override {}
  void finish() override;
  void stop() override;

 private:
  class Worker;
  class Retry final : public swarm::Reactor::Timer {
   public:
    explicit Retry(HttpOutlet& outlet) : outlet_(outlet) {}
    void fire() override { outlet_.retry(); }

   private:
    HttpOutlet& outlet_;
  };

  void park(Worker& worker);
  void retry();
  void finish_if_idle();

  swarm::Reactor& reactor_;
  HttpProtocol& protocol_;
  Settings settings_;
  Listener* listener_ = nullptr;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> parked_;
  std::size_t unanswered_ = 0;
  bool finishing_ = false;
  Retry retry_{*this};
};

}  // namespace triggers::bench
