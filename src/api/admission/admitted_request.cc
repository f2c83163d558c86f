#include "api/admission/admitted_request.h"

#include <algorithm>

namespace triggers::api {
namespace {

constexpr std::size_t bytes_of_one = 64 * 1024;

}  // namespace

std::uint32_t cost_of(std::size_t body_bytes, std::uint32_t limit) noexcept {
  const std::size_t pieces = body_bytes / bytes_of_one + (body_bytes % bytes_of_one != 0 ? 1 : 0);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(pieces, 1, limit));
}

std::optional<limit::Decision> charge(const AdmissionControl& control, const ActiveKey& key, std::uint32_t cost) {
  const auto per_minute = key.record.rate_limit_per_minute;
  if (!per_minute) return std::nullopt;
  const auto now = control.clock.steady();
  return control.take_slice ? key.rate_bucket->shared.charge(now, cost, *per_minute)
                            : key.rate_bucket->own.charge(now, cost);
}

AdmittedRequest::AdmittedRequest(const AdmissionControl& control, const Exchange& exchange)
    : control_(control),
      id_(exchange.id),
      key_(exchange.key),
      is_operator_(exchange.is_operator),
      admitted_(exchange.admitted),
      rate_(exchange.rate) {
  holder = holder_of(exchange);
  takes_body = exchange.route.access.input == Input::body;
}

void AdmittedRequest::body_grew_to(std::size_t bytes) {
  if (!key_ || !key_->record.rate_limit_per_minute) return;
  const std::uint32_t cost = cost_of(bytes, *key_->record.rate_limit_per_minute);
  if (cost <= paid_) return;
  rate_ = charge(control_, *key_, cost - paid_);
  paid_ = cost;
}

void AdmittedRequest::hand_over(Exchange& exchange) const {
  exchange.id = id_;
  exchange.key = key_;
  exchange.is_operator = is_operator_;
  exchange.admitted = admitted_;
  exchange.rate = rate_;
}

}  // namespace triggers::api
