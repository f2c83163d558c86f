#include "swarm/run/verify_run.h"

#include <cstdio>

#include "swarm/load/api_keys.h"
#include "swarm/verify/verify.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view verify_log = "swarm.verify";
constexpr int status_differs = 1, status_not_verified = 2;

Result<Verification> verify_journal(const Options& options) {
  auto journal = read_journal(options.verify_path);
  if (!journal) return std::move(journal).error();
  const auto target = Target::parse(options.host);
  if (!target) return Error{target.error().code, target.error().message + options.sources.note({"--host"})};
  auto keys = api_keys_in_environment();
  if (!keys) return std::move(keys).error();
  VerifyOptions verify_options;
  verify_options.api_keys = std::move(*keys);
  verify_options.exclusive = options.exclusive;
  if (options.retention_days) verify_options.retention = std::chrono::days{*options.retention_days};
  verify_options.now = Clock::system().now();
  verify_options.ca_file = options.ca_file;
  verify_options.verify_tls = options.verify_tls;
  verify_options.request_timeout = options.request_timeout;
  if (options.run_time > std::chrono::seconds{0}) verify_options.time_max = options.run_time;
  auto verification = verify(std::move(*journal), *target, verify_options);
  if (!verification && verification.error().message.find("--run-time") != std::string::npos) {
    return Error{verification.error().code, verification.error().message + options.sources.note({"--run-time"})};
  }
  if (verification || verification.error().message.find(target->url) == std::string::npos) return verification;
  return Error{verification.error().code, verification.error().message + options.sources.note({"--host"})};
}

}  // namespace

int run_verify(const Options& options, Console& console) {
  const auto verification = verify_journal(options);
  if (!verification) {
    console.error(verify_log, "cannot be verified: " + verification.error().message);
    return status_not_verified;
  }
  console.print(summary(*verification));
  if (options.json) {
    std::fputs(to_json(*verification).c_str(), stdout);
    if (std::fflush(stdout) != 0) return status_not_verified;
  }
  return verification->clean() ? 0 : status_differs;
}

}  // namespace triggers::swarm
