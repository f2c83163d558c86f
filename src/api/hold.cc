#include "api/hold.h"

#include <memory>

namespace triggers::api {

std::optional<Refusal> hold(FairBudget::Share memory, http::Response& response) {
  memory.shrink(memory.bytes());
  if (!memory.grow(response.body.capacity())) {
    return from_error({ErrorCode::overloaded, "answers take too much memory together"});
  }
  response.held = std::make_shared<const FairBudget::Share>(std::move(memory));
  return std::nullopt;
}

}  // namespace triggers::api
