// The Lambda function: opens the service on DynamoDB and answers invocations (lambda/loop.h). What starts it is in
// launcher.cc.

#include <netdb.h>
#include <nss.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../triggers/service.h"
#include "base/process_start.h"
#include "lambda/loop.h"
#include "lambda/thaw_clock.h"
#include "log/log.h"

namespace {

using namespace triggers;

int give_up(lambda::RuntimeClient& runtime, std::string_view type, const Error& error) {
  log::error("function_cannot_start", {{"cause", error.message}});
  if (const auto told = runtime.fail_init(type, error.message); !told) {
    log::error("runtime_interface_failed", {{"cause", told.error().message}});
  }
  return 1;
}

int run() {
  // Names from the hosts file and from DNS, by our own C library: modules that the system's configuration names are
  // made for another one.
  __nss_configure_lookup("hosts", "files dns");
  const char* const address = std::getenv("AWS_LAMBDA_RUNTIME_API");
  auto runtime = lambda::RuntimeClient::create(address == nullptr ? "" : address);
  if (!runtime) {
    std::fprintf(stderr, "bootstrap: %s\n", runtime.error().message.c_str());
    return 1;
  }
  const auto settings = config::load({{"store", "dynamodb"}}, config::process_environment());
  if (!settings) return give_up(*runtime, "Triggers.BadConfiguration", settings.error());
  const config::Config& config = settings->config;
  log::set_level(config.log_level);
  log::set_format(config.log_format);
  lambda::ThawClock clock;
  auto service = Service::open(config, true, clock);
  if (!service) return give_up(*runtime, "Triggers.StoreNotOpen", service.error());

  lambda::LoopConfig loop;
  loop.body_bytes_max = [&config](http::Method method, std::string_view target) {
    return api::body_bytes_max(config, method, target);
  };
  loop.on_begin = [&clock] { clock.look(); };
  loop.on_end = [&service] { return (*service)->flush(); };
  const auto handle = (*service)->handlers();
  const auto end = lambda::serve(*runtime, handle, loop);
  log::error("runtime_interface_failed", {{"cause", end.why.message}});
  if (end.requests_under_way) _exit(1);
  return 1;
}

}  // namespace

/// Lambda starts it, with everything in the environment, and ends it with SIGKILL.
int main() {
  start_process("bootstrap");
  try {
    return run();
  } catch (...) {
    log::error("function_failed", {{"cause", cause_of(std::current_exception())}});
    _exit(1);  // Lambda starts another. A coroutine may be under way, and what it uses is gone.
  }
}
