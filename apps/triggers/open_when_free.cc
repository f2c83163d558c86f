#include "open_when_free.h"

#include <chrono>
#include <thread>
#include <utility>

#include "log/log.h"
#include "service_manager.h"
#include "store_owner.h"

namespace triggers {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds look_interval{50};

void say_that_it_waits(const config::Config& config, pid_t owner, const std::function<bool()>& stop_asked) {
  log::info("waiting_for_store",
            {{"data_dir", config.data_dir}, {"process", owner}, {"seconds_max", patience.count()}});
  tell_service_manager("STATUS=Waiting for another process to close the store", stop_asked);
}

}  // namespace

Result<std::unique_ptr<Service>> open_when_free(const config::Config& config, const Clock& clock,
                                                const std::function<bool()>& stop_asked) {
  if (config.store != config::Store::embedded) return Service::open(config, true, clock);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool told = false;
  for (;;) {
    auto owner = store_owner(config.data_dir);
    if (!owner) {
      auto service = Service::open(config, true, clock);
      if (service || service.error().code != ErrorCode::conflict) return service;
      owner = 0;  // Somebody has come between the look and the opening.
    }
    if (server_listens(config.data_dir) || std::chrono::steady_clock::now() >= deadline) {
      return Error{ErrorCode::conflict, in_use_text(config.data_dir, *owner)};
    }
    if (!std::exchange(told, true)) say_that_it_waits(config, *owner, stop_asked);
    if (stop_asked()) return std::unique_ptr<Service>{};
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace triggers
