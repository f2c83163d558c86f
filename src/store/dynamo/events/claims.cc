#include "store/dynamo/events/claims.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/events/fleet_ids.h"

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

std::optional<EventId> id_from(const Item& item, std::string_view name) {
  const auto bytes = bytes_of(item, name);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  return EventId::from_bytes(*bytes);
}

/// Nothing if the item is no claim. `valid`: ids from there on are within the window.
std::optional<Claims::Holder> holder_of(const Item& item, const EventId& valid) {
  const auto id = id_from(item, "e");
  const auto fingerprint = bytes_of(item, "f");
  if (!id || !fingerprint || fingerprint->size() != 16) return std::nullopt;
  Claims::Holder holder{*id, fingerprint_from(*fingerprint)};
  holder.collided = id_from(item, "o");
  if (*id >= valid) return holder;
  const auto newest = id_from(item, "l");
  holder.lapsed = !newest || *newest < valid;
  if (!holder.lapsed) holder.id = *newest;
  return holder;
}

boost::json::object removal_time(const EventId& id, std::chrono::seconds window) {
  const auto until = id.time().time_since_epoch() + window + kept_longer;
  return number_value(std::chrono::ceil<std::chrono::seconds>(until).count());
}

}  // namespace

Task<Result<std::optional<Claims::Holder>>> Claims::claim(Item key, std::optional<Holder> fenced, Holder mine,
                                                          std::chrono::seconds window) {
  // Ids sort by time: what is smaller than this one is `window` old.
  const EventId valid = first_id_at(clock_.now() - window + std::chrono::milliseconds{1});
  Condition free;
  if (fenced) {
    free.expression = "attribute_not_exists(k) OR e = :from OR l = :from";
    free.values[":from"] = bytes_value(fenced->id.view());
  } else {
    free.expression =
        "attribute_not_exists(k) OR (e < :valid AND (attribute_not_exists(l) OR l < :valid) AND "
        "(attribute_not_exists(o) OR o < :valid))";
    free.values[":valid"] = bytes_value(valid.view());
  }
  Item item = std::move(key);
  item["e"] = bytes_value(mine.id.view());
  item["f"] = bytes_value(fingerprint_bytes(mine.fingerprint));
  item["x"] = removal_time(mine.id, window);
  if (fenced && fenced->collided) item["o"] = bytes_value(fenced->collided->view());
  auto answer = co_await table_.put(std::move(item), std::move(free), Repeat::safe);
  if (answer) co_return std::optional<Holder>{};
  if (answer.error().kind != CallError::Kind::condition_failed) co_return to_error(answer.error());
  const auto holder = holder_of(answer.error().item, valid);
  if (!holder) co_return Error{ErrorCode::internal, "a claim of the events table cannot be read"};
  // An earlier try of this call whose answer was lost.
  if (holder->id == mine.id) co_return std::optional<Holder>{};
  co_return holder;
}

Task<Status> Claims::prolong(Item key, EventId holder, EventId newest, std::chrono::seconds window) {
  Condition same;
  same.expression = "(e = :holder OR l = :holder) AND (attribute_not_exists(l) OR l < :id)";
  same.values[":holder"] = bytes_value(holder.view());
  co_return co_await set(std::move(key), "l", newest, std::move(same), window);
}

Task<Status> Claims::note_collision(Item key, EventId other, std::chrono::seconds window) {
  Condition older;
  older.expression = "attribute_exists(k) AND (attribute_not_exists(o) OR o < :id)";
  co_return co_await set(std::move(key), "o", other, std::move(older), window);
}

Task<Status> Claims::set(Item key, std::string attribute, EventId id, Condition condition,
                         std::chrono::seconds window) {
  condition.values[":id"] = bytes_value(id.view());
  condition.values[":x"] = removal_time(id, window);
  auto answer =
      co_await table_.update(std::move(key), "SET " + attribute + " = :id, x = :x", std::move(condition), Repeat::safe);
  // Another one has noted a newer event, or the claim is no longer what it was.
  if (answer || answer.error().kind == CallError::Kind::condition_failed) co_return Done{};
  co_return to_error(answer.error());
}

}  // namespace triggers::store::dynamo
