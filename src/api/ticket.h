#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/services.h"
#include "http/wire/message.h"

namespace triggers::api {

/// What a key pays for: a request costs one, and one more for each further 64 KiB of its body that was begun. It never
/// costs more than a full bucket.
[[nodiscard]] std::uint32_t cost_of(std::size_t body_bytes, std::uint32_t limit) noexcept;

/// Takes what a request costs beyond the one that admitted it, whether the bucket has it or not: then the key waits for
/// it before its next request. Nothing if `key` is unlimited.
[[nodiscard]] std::optional<limit::Decision> charge(const Services& services, const ActiveKey& key, std::uint32_t cost);

/// A request that was admitted by its head, on its way to handle(). Charges the key as the body comes.
class Ticket final : public http::Ticket {
 public:
  Ticket(const Services& services, const Exchange& exchange, bool with_body);

  void body_grew_to(std::size_t bytes) override;
  /// Puts what admission found out into the request's exchange.
  void hand_over(Exchange& exchange) const;

 private:
  const Services& services_;
  const std::string id_;
  const std::shared_ptr<const ActiveKey> key_;
  const bool is_operator_, admitted_;
  std::optional<limit::Decision> rate_;
  std::uint32_t paid_ = 1;
};

/// In whose share of the memory a request's body and answer are: its tenant's; the operator's; that of all who ask
/// without a key.
[[nodiscard]] std::string_view holder_of(const Exchange& exchange) noexcept;

}  // namespace triggers::api
