#include "api/exchange/response_memory.h"

#include <memory>

namespace triggers::api {
namespace {

Refusal no_room() { return from_error({ErrorCode::overloaded, "answers take too much memory together"}); }

}  // namespace

FairBudget::Share response_share(FairBudget& answers, const Exchange& exchange) {
  return FairBudget::Share(&answers, holder_of(exchange));
}

OrRefusal<FairBudget::Share> reserve(FairBudget& answers, const Exchange& exchange, std::size_t bytes) {
  FairBudget::Share memory = response_share(answers, exchange);
  if (!memory.grow(bytes)) return no_room();
  return memory;
}

std::optional<Refusal> count_until_written(FairBudget::Share memory, http::Response& response) {
  memory.shrink(memory.bytes());
  if (!memory.grow(response.body.capacity())) return no_room();
  response.held = std::make_shared<const FairBudget::Share>(std::move(memory));
  return std::nullopt;
}

void count_reserved_until_written(FairBudget::Share memory, http::Response& response) {
  memory.count(response.body.capacity());
  response.held = std::make_shared<const FairBudget::Share>(std::move(memory));
}

std::optional<Refusal> count_unless_counted(FairBudget& answers, const Exchange& exchange, http::Response& response) {
  if (response.held || response.body.capacity() <= counted_response_bytes) return std::nullopt;
  FairBudget::Share memory = response_share(answers, exchange);
  const bool changed_nothing =
      exchange.request.method == http::Method::get || exchange.request.method == http::Method::head;
  if (changed_nothing) return count_until_written(std::move(memory), response);
  count_reserved_until_written(std::move(memory), response);
  return std::nullopt;
}

}  // namespace triggers::api
