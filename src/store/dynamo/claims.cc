#include "store/dynamo/claims.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/fleet_ids.h"

namespace triggers::store::dynamo {
namespace {

/// Kept longer than it counts, for clocks that differ.
constexpr std::chrono::seconds kept_longer{3'600};

std::string fingerprint_bytes(const event::Fingerprint& fingerprint) {
  std::string bytes;
  for (const std::uint64_t half : {fingerprint.high, fingerprint.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift & 0xff);
  }
  return bytes;
}

event::Fingerprint fingerprint_from(std::string_view bytes) {
  const auto half = [&](std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  return {half(0), half(8)};
}

}  // namespace

Task<Result<std::optional<Claims::Holder>>> Claims::claim(Item key, std::optional<EventId> fenced, Holder mine,
                                                          std::chrono::seconds window) {
  Condition free;
  if (fenced) {
    free.expression = "attribute_not_exists(k) OR e = :from";
    free.values[":from"] = bytes_value(fenced->view());
  } else {
    free.expression = "attribute_not_exists(k) OR e < :valid";
    // Ids sort by time: what is smaller than this one is `window` old.
    const UnixMillis valid_from = clock_.now() - window + std::chrono::milliseconds{1};
    free.values[":valid"] = bytes_value(first_id_at(valid_from).view());
  }
  Item item = std::move(key);
  item["e"] = bytes_value(mine.id.view());
  item["f"] = bytes_value(fingerprint_bytes(mine.fingerprint));
  const auto until = mine.id.time().time_since_epoch() + window + kept_longer;
  item["x"] = number_value(std::chrono::ceil<std::chrono::seconds>(until).count());
  auto answer = co_await table_.put(std::move(item), std::move(free), Repeat::safe);
  if (answer) co_return std::optional<Holder>{};
  if (answer.error().kind != CallError::Kind::condition_failed) co_return to_error(answer.error());
  const auto id = bytes_of(answer.error().item, "e");
  const auto fingerprint = bytes_of(answer.error().item, "f");
  if (!id || id->size() != 16 || !fingerprint || fingerprint->size() != 16) {
    co_return Error{ErrorCode::internal, "a claim of the events table cannot be read"};
  }
  const Holder holder{EventId::from_bytes(*id), fingerprint_from(*fingerprint)};
  // An earlier try of this call whose answer was lost.
  if (holder.id == mine.id) co_return std::optional<Holder>{};
  co_return std::optional{holder};
}

}  // namespace triggers::store::dynamo
