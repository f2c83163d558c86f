// Fuzzes the reader of API Gateway's events (lambda/request_event.h). Each request that it makes must be possible over
// HTTP, and its response can be written.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/invariant.h"
#include "base/sync_wait.h"
#include "lambda/request_event.h"
#include "lambda/response_event.h"

namespace {

using namespace triggers;

constexpr std::size_t limit = 4096;

bool is_target(std::string_view target) {
  return target.starts_with('/') &&
         std::ranges::none_of(target, [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '#'; });
}

bool is_line(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

void decode_body(lambda::RequestEvent& incoming) {
  http::Handlers handlers;
  handlers.handle = [](const http::Request&) -> Task<http::Response> { co_return http::Response{}; };
  handlers.protocol_error = [&](const http::ProtocolError& error, const http::Request&) -> http::Response {
    incoming.problem = error;
    return {};
  };
  sync_wait(lambda::answer_request(handlers, incoming.request, std::move(incoming.packed)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto incoming = lambda::read_event(text, [](http::Method, std::string_view) { return limit; });
  if (!incoming) return 0;
  http::Request& request = incoming->request;
  INVARIANT(incoming->packed.bytes.empty() || request.body.empty());
  if (!incoming->problem) decode_body(*incoming);
  INVARIANT(is_target(request.target));
  INVARIANT(request.body.size() <= limit);
  INVARIANT(!incoming->problem || request.body.empty());
  INVARIANT(!request.peer.local);
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    INVARIANT(!name.empty() && is_line(name) && is_line(value));
  }
  http::Response response;
  response.body = request.body;
  INVARIANT(!lambda::write_response(response, incoming->format, request).empty());
  return 0;
}
