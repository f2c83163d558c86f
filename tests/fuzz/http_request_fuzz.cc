// Fuzzes the parser of HTTP requests (http/wire/request_parser.h). It parses the input whole and in pieces; both must
// agree, and no limit may be exceeded.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/invariant.h"
#include "http/wire/request_parser.h"
#include "http/wire/test_feed.h"

namespace {

using triggers::http::feed_and_accept;
using triggers::http::RequestLimits;
using triggers::http::RequestParser;
using State = RequestParser::State;

/// What the parser makes of one request, and how many bytes it took.
struct Reading {
  State state = State::header;
  std::size_t used = 0;
};

/// Offers `input` in pieces of `piece` bytes, as a connection does.
Reading read_in_pieces(RequestParser& parser, std::string_view input, std::size_t piece) {
  Reading reading;
  for (std::size_t come = 0; come < input.size();) {
    come = std::min(come + piece, input.size());
    reading.used += feed_and_accept(parser, input.substr(reading.used, come - reading.used));
    if (parser.state() == State::complete || parser.state() == State::failed) break;
  }
  reading.state = parser.state();
  return reading;
}

void check_limits(RequestParser& parser, const RequestLimits& limits) {
  INVARIANT(parser.request().body.size() <= limits.body_bytes_max);
  if (parser.state() != State::complete) return;
  const auto& target = parser.request().target;
  INVARIANT(target.starts_with('/') || target == "*");
  INVARIANT(parser.is_http10() || parser.request().headers.count("Host") == 1);
}

void check_same(RequestParser& whole, RequestParser& pieces) {
  if (whole.state() == State::failed) {
    INVARIANT(whole.error().problem == pieces.error().problem);
    return;
  }
  INVARIANT(whole.request().method == pieces.request().method);
  INVARIANT(whole.request().target == pieces.request().target);
  INVARIANT(whole.request().body == pieces.request().body);
  INVARIANT(whole.keep_alive() == pieces.keep_alive());
  INVARIANT(whole.request().headers.size() == pieces.request().headers.size());
  for (std::size_t i = 0; i < whole.request().headers.size(); ++i) {
    INVARIANT(whole.request().headers.at(i) == pieces.request().headers.at(i));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const RequestLimits limits{512, 2048, {}};
  const std::size_t piece = 1 + data[0] % 32;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestParser whole(limits);
  RequestParser pieces(limits);
  while (!input.empty()) {
    const Reading one = read_in_pieces(whole, input, input.size());
    const Reading other = read_in_pieces(pieces, input, piece);
    INVARIANT(one.state == other.state);
    check_limits(whole, limits);
    check_limits(pieces, limits);
    if (one.state != State::failed) INVARIANT(one.used == other.used);
    check_same(whole, pieces);
    if (one.state != State::complete) break;
    input.remove_prefix(one.used);
    whole.reset();
    pieces.reset();
  }
  return 0;
}
