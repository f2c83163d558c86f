// The load generator's program: reads options and starts a test, a worker or a verification, or lists the kinds of
// users. These are in swarm/run, swarm/worker and swarm/verify; the kinds of users are in users/.

#include <cstdio>
#include <exception>

#include "base/descriptor_limit.h"
#include "base/process_start.h"
#include "swarm/load/user_class.h"
#include "swarm/run/local_run.h"
#include "swarm/run/options.h"
#include "swarm/run/verify_run.h"
#include "swarm/worker/worker.h"

namespace {

using namespace triggers::swarm;

/// Prints in Locust's format on standard output.
int list_classes() {
  std::puts("Available Users:");
  for (const UserClass* one : UserClass::all()) std::printf("    %s\n", one->name().c_str());
  return 0;
}

WorkerOptions worker_options(const Options& options) {
  WorkerOptions worker;
  worker.master_host = options.master_host;
  worker.master_port = options.master_port;
  worker.host = options.host;
  worker.host_note = options.sources.note({"--host"});
  worker.master_note = options.sources.note({"--master-host", "--master-port"});
  worker.load.threads = options.threads;
  worker.load.no_wait = options.no_wait;
  worker.load.ca_file = options.ca_file;
  worker.load.verify_tls = options.verify_tls;
  worker.load.request_timeout = options.request_timeout;
  worker.load.inbox_work = options.inbox_work;
  return worker;
}

int run(const Options& options) {
  triggers::raise_descriptor_limit();  // Each user needs a descriptor for its connection.
  Console console(options.log_level);
  if (!options.log_file.empty() && !console.log_to(options.log_file)) {
    console.error("swarm.main", "cannot write the log file " + options.log_file + options.sources.note({"--logfile"}));
    return 1;
  }
  if (!options.verify_path.empty()) return run_verify(options, console);
  if (options.worker) return run_worker(worker_options(options), console);
  return run_local(options, console);
}

}  // namespace

int main(int argc, char** argv) {
  triggers::start_process("swarm");
  try {
    const auto parsed = parse_options(argc, argv);
    if (const int* const status = std::get_if<int>(&parsed)) return *status;
    const auto& options = std::get<Options>(parsed);
    if (options.list) return list_classes();
    return run(options);
  } catch (...) {
    std::fprintf(stderr, "swarm: failed: %s\n", triggers::cause_of(std::current_exception()).c_str());
    return 1;
  }
}
