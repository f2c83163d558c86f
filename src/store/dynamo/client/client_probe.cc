#include "store/dynamo/client/client_probe.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::array<std::string_view, 13> outcome_names{"conditional_failed",
                                                         "transaction_cancelled",
                                                         "unknown_operation",
                                                         "validation",
                                                         "too_large",
                                                         "missing_table",
                                                         "table_not_active",
                                                         "denied",
                                                         "overloaded",
                                                         "throttled",
                                                         "unavailable",
                                                         "ambiguous",
                                                         "ok"};
constexpr std::size_t ok = outcome_names.size() - 1;

metrics::Labels labels_of(ApiCall api_call) { return {{"operation", std::string(name_of(api_call))}}; }

}  // namespace

ClientProbe::ClientProbe(metrics::Registry& registry)
    : registry_(registry),
      retries_(registry.counter("triggers_dynamodb_retries_total", "Requests to DynamoDB that were sent again.")),
      refused_retries_(registry.counter("triggers_dynamodb_retries_refused_total",
                                        "Calls that ended without a retry because too many others failed.")) {}

void ClientProbe::ended(ApiCall api_call, std::optional<DynamoCode> failed, std::chrono::steady_clock::duration took) {
  static_assert(outcome_names.size() == outcomes);
  const auto row = static_cast<std::size_t>(api_call);
  const std::size_t column = failed ? static_cast<std::size_t>(*failed) : ok;
  auto& call = calls_[row][column];
  if (call.load(std::memory_order_acquire) == nullptr) {
    metrics::Labels labels = labels_of(api_call);
    labels.emplace_back("outcome", outcome_names[column]);
    call = &registry_.counter("triggers_dynamodb_calls_total", "Calls to DynamoDB; a call and its retries count once.",
                              labels);
  }
  call.load(std::memory_order_acquire)->add();
  auto& seconds = seconds_[row];
  if (seconds.load(std::memory_order_acquire) == nullptr) {
    seconds = &registry_.histogram("triggers_dynamodb_call_duration_seconds", "Time of a call, including its retries.",
                                   metrics::duration_bounds_seconds(), labels_of(api_call));
  }
  seconds.load(std::memory_order_acquire)->observe(std::chrono::duration<double>(took).count());
}

void ClientProbe::consumed(ApiCall api_call, double units) {
  const MutexLock lock(mutex_);
  auto& sum = units_[static_cast<std::size_t>(api_call)];
  if (!sum) {
    sum = std::make_shared<metrics::Gauge>();
    registry_.counter_from("triggers_dynamodb_consumed_units_total",
                           "Capacity units used, for calls that request this figure.", labels_of(api_call),
                           [kept = sum] { return kept->value(); });
  }
  sum->add(units);
}

}  // namespace triggers::store::dynamo
