#include "patient_client.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/random.h"

namespace triggers {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds first_wait{100};
constexpr milliseconds longest_wait{10'000};
constexpr std::chrono::seconds retry_after_max{24 * 3600};

bool may_end(unsigned status) {
  return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<milliseconds> retry_after(const http::ClientResponse& answer) {
  const auto field = answer.headers.find("Retry-After");
  if (!field) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), seconds);
  // The other form, a date, is left aside: no service of ours sends it.
  if (error != std::errc{} || end != field->data() + field->size() || seconds < 0) return std::nullopt;
  return std::min<std::chrono::seconds>(std::chrono::seconds(seconds), retry_after_max);
}

/// Half of it at random, so that many clients do not come back at once.
milliseconds jittered(milliseconds wait) {
  const auto half = wait.count() / 2;
  return milliseconds(half + static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(half + 1)));
}

std::string seconds_text(milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

Result<http::ClientResponse, GaveUp> PatientClient::send(const http::Request& request, const Unfinished& unfinished) {
  const auto begun = steady_clock::now();
  milliseconds pause = first_wait;
  bool may_be_done = false;
  for (;;) {
    auto answer = client_.send(request, patience_.attempt);
    std::optional<milliseconds> asked;
    std::string why;
    if (answer) {
      const bool in_part = unfinished && unfinished(*answer);
      if (!in_part && !may_end(answer->status)) return *std::move(answer);
      asked = retry_after(*answer);
      may_be_done = may_be_done || answer->status != 429;
      why = in_part ? "the service could not store every event of the batch" : problem_of(*answer);
    } else {
      why = answer.error().message;
      may_be_done = may_be_done || answer.error().may_be_done;
      if (!answer.error().is_passing) return GaveUp{std::move(why), may_be_done};
    }
    const milliseconds wait = asked ? *asked : jittered(pause);
    pause = std::min(pause * 2, longest_wait);
    const auto spent = std::chrono::ceil<milliseconds>(steady_clock::now() - begun);
    if (spent + wait > patience_.total) {
      why += asked ? "; the server asks to wait " + seconds_text(wait) : "; tried for " + seconds_text(spent);
      return GaveUp{std::move(why), may_be_done};
    }
    waiting_(why, wait, answer && answer->status == 429);
    client_.release_store();
    if (!interrupt_.wait(wait)) return GaveUp{"interrupted; before that: " + why, may_be_done};
  }
}

}  // namespace triggers
