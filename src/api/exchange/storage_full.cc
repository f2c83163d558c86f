#include "api/exchange/storage_full.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace triggers::api {
namespace {

/// Room is made by people or by consumers, not by the next commit.
constexpr std::string_view retry_seconds = "30";

Refusal full(std::string message, const Details& details) {
  return {Code::storage_full, std::move(message), details.json(), {{"Retry-After", std::string{retry_seconds}}}, {}};
}

}  // namespace

Refusal storage_full(store::StorageLimit limit, const store::TenantLimits& limits) {
  switch (limit) {
    case store::StorageLimit::disk_reserve:
      return full(
          "The disk of this service is nearly full, so nothing of this request was stored. Reading and acknowledging "
          "still work. Send the request again after an operator has freed disk space.",
          Details().text("limit", "disk-reserve-bytes"));
    case store::StorageLimit::tenant_bytes:
      return full(
          fmt::format("The stored events of this user_id would take more than {} bytes. An event counts until it "
                      "leaves the log, some days after it has left its last inbox.",
                      limits.bytes_max),
          Details().text("limit", "tenant-bytes-max").number("limit_bytes", limits.bytes_max));
    case store::StorageLimit::tenant_undelivered:
      return full(
          fmt::format("The inboxes of this user_id would have more than {} undelivered entries. Acknowledge some, "
                      "then send the event again.",
                      limits.undelivered_max),
          Details().text("limit", "tenant-undelivered-max").number("limit_events", limits.undelivered_max));
  }
  INVARIANT(false, "a limit without an entry in this switch");
}

}  // namespace triggers::api
