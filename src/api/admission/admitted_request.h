#pragma once

// The price of a request, and a request that was admitted before its body arrived. The decision to admit it is in
// admit.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "http/wire/message.h"

namespace triggers::api {

/// What a request costs its key: one, and one more for each further 64 KiB of its body, rounded up. It never costs more
/// than a full bucket.
[[nodiscard]] std::uint32_t cost_of(std::size_t body_bytes, std::uint32_t limit) noexcept;

/// Charges a request's cost beyond the token that admitted it, even if the bucket holds less. The key must then wait
/// before its next request. Nothing if `key` is unlimited.
[[nodiscard]] std::optional<limit::Decision> charge(const AdmissionControl& control, const ActiveKey& key,
                                                    std::uint32_t cost);

/// A request that was admitted by its head, on its way to handle(). Charges the key as the body arrives.
class AdmittedRequest final : public http::Ticket {
 public:
  AdmittedRequest(const AdmissionControl& control, const Exchange& exchange);

  void body_grew_to(std::size_t bytes) override;
  /// Puts what admission found out into the request's exchange.
  void hand_over(Exchange& exchange) const;

 private:
  const AdmissionControl& control_;
  const std::string id_;
  const std::shared_ptr<const ActiveKey> key_;
  const bool is_operator_, admitted_;
  std::optional<limit::Decision> rate_;
  std::uint32_t paid_ = 1;
};

}  // namespace triggers::api
