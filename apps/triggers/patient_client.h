#pragma once

// Tries a request again until its answer is final. Only for requests that may be repeated: reads, and writes with an
// idempotency key. A single attempt is in api_client.h.

#include <chrono>
#include <functional>
#include <string>

#include "api_client.h"
#include "interrupt.h"

namespace triggers {

struct Patience {
  std::chrono::milliseconds attempt{60'000};  ///< For one attempt to be answered.
  std::chrono::milliseconds total{120'000};   ///< From the first attempt of a request to the last.
};

/// Why there is no final answer.
struct GaveUp {
  std::string why;           ///< For a person.
  bool may_be_done = false;  ///< One of the attempts may have taken effect.
};

/// Sends requests that may be repeated. Waits as `Retry-After` asks, otherwise longer from attempt to attempt, up to
/// ten seconds.
class PatientClient {
 public:
  /// Told before each wait: why, how long, and whether the server only asked for the pause.
  using Waiting = std::function<void(const std::string& why, std::chrono::milliseconds wait, bool asked)>;
  /// Whether an answer is no success yet, so that the same request should be sent again.
  using Unfinished = std::function<bool(const http::ClientResponse& answer)>;

  /// All outlive this.
  PatientClient(ApiClient& client, const Interrupt& interrupt, Patience patience, Waiting waiting)
      : client_(client), interrupt_(interrupt), patience_(patience), waiting_(std::move(waiting)) {}

  /// An answer that the same request would get again: a success or a refusal. Statuses 408, 429, 502, 503 and 504 are
  /// not final, nor is what `unfinished` says.
  Result<http::ClientResponse, GaveUp> send(const http::Request& request, const Unfinished& unfinished = {});
  void release_store() { client_.release_store(); }

 private:
  ApiClient& client_;
  const Interrupt& interrupt_;
  const Patience patience_;
  const Waiting waiting_;
};

}  // namespace triggers
