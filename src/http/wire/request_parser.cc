#include "http/wire/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "base/invariant.h"
#include "http/wire/gzip.h"

namespace triggers::http {
namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;

// A connection that waits keeps no more than this for its next request.
constexpr std::size_t kept_body_bytes = 4 * 1024;
constexpr std::size_t kept_target_bytes = 1024;
constexpr std::size_t body_step_bytes = 16 * 1024;
constexpr std::size_t cleared_bytes_max = 64 * 1024;  // What a connection reads in one turn of its loop.
// From a chunk's header on, at least this is left of the body: "0" and two line ends. Beast asserts it.
constexpr std::size_t last_chunk_bytes = 5;

Method method_of(wire::verb verb) noexcept {
  switch (verb) {
    case wire::verb::get: return Method::get;
    case wire::verb::head: return Method::head;
    case wire::verb::post: return Method::post;
    case wire::verb::put: return Method::put;
    case wire::verb::patch: return Method::patch;
    case wire::verb::delete_: return Method::del;
    case wire::verb::options: return Method::options;
    default: return Method::other;
  }
}

/// Three words, of which the last is `HTTP/`, a digit, a dot, a digit: well-formed, whatever the version.
bool ends_in_a_version(std::string_view header) noexcept {
  const auto line = header.substr(0, header.find("\r\n"));
  if (line.size() < 8) return false;
  // A blank inside the target is the client's mistake, not a version.
  if (std::count(line.begin(), line.end(), ' ') != 2) return false;
  const auto version = line.substr(line.size() - 8);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' && digit(version[7]);
}

/// The path and query of a target in origin or absolute form (RFC 9112, section 3.2); empty if it is neither.
std::string_view origin_form(std::string_view target) noexcept {
  if (target.starts_with('/')) return target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() <= scheme.size() || !equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto path = target.find_first_of("/?");
    if (path == 0) return {};
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return {};
}

bool is_token_char(char c) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.find(c) != std::string_view::npos;
}

/// One that no part of a line may hold (RFC 9110, section 5.5): any but the tab.
bool has_control_character(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

}  // namespace

/// Beast's reader of the grammar, made to fill our Request. It sees a whole header at once, and later the chunks.
struct RequestParser::Wire {
  class Grammar final : public wire::basic_parser<true> {
   public:
    explicit Grammar(RequestParser& owner) : owner_(owner) {
      header_limit(std::numeric_limits<std::uint32_t>::max());  // feed_header() has its own
      body_limit(boost::none);
    }
    bool folded = false;
    bool bad_target = false;

   private:
    void on_request_impl(wire::verb verb, beast::string_view, beast::string_view target, int version,
                         beast::error_code& ec) override {
      Request& request = owner_.request_;
      request.method = method_of(verb);
      owner_.http10_ = version == 10;
      const auto path = origin_form({target.data(), target.size()});
      if (path.starts_with('?')) request.target = '/';
      request.target.append(path);
      if (target == "*" && request.method == Method::options) request.target = '*';
      bad_target = request.target.empty();
      if (bad_target) ec = wire::make_error_code(wire::error::bad_target);
    }

    void on_field_impl(wire::field, beast::string_view name, beast::string_view value, beast::error_code& ec) override {
      if (owner_.state_ != State::header) return;  // trailers are dropped
      if (is_folded(name, value)) {
        folded = true;
        ec = wire::make_error_code(wire::error::bad_value);
        return;
      }
      owner_.request_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
    }

    /// Beast joins obs-fold lines: then the value is elsewhere, or a line ends between the name and it.
    bool is_folded(beast::string_view name, beast::string_view value) const noexcept {
      const char* const after_name = name.data() + name.size();
      if (std::less<>{}(value.data(), after_name) || std::less<>{}(owner_.header_end_, value.data())) return true;
      return std::memchr(after_name, '\r', static_cast<std::size_t>(value.data() - after_name)) != nullptr;
    }

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code& ec) override {
      const std::size_t taken = owner_.take_body({bytes.data(), bytes.size()});
      INVARIANT(taken <= owner_.chunk_left_, "%zu bytes of a chunk that has %zu left", taken, owner_.chunk_left_);
      owner_.chunk_left_ -= taken;
      if (owner_.state_ == State::failed) ec = wire::make_error_code(wire::error::body_limit);
      return taken;
    }
    void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions, beast::error_code& ec) override {
      owner_.chunk_left_ = size;
      // Beast accepts a line feed in a quoted value. A reader that ends lines there would see another chunk after it.
      if (has_control_character({extensions.data(), extensions.size()})) {
        ec = wire::make_error_code(wire::error::bad_chunk_extension);
        return;
      }
      if (size <= owner_.body_limit_ - std::min(owner_.body_limit_, owner_.body_bytes_)) return;
      owner_.fail(ProtocolProblem::body_too_large, "the body is too large", owner_.body_limit_);
      ec = wire::make_error_code(wire::error::body_limit);
    }

    void on_header_impl(beast::error_code&) override {}
    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override { return bytes.size(); }
    void on_finish_impl(beast::error_code&) override {}

    RequestParser& owner_;
  };

  std::optional<Grammar> grammar;
  std::optional<GzipDecoder> gzip;
};

RequestParser::RequestParser(const RequestLimits& limits) : limits_(limits), wire_(std::make_unique<Wire>()) {
  wire_->grammar.emplace(*this);
}

RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  request_.method = Method::get;
  request_.target.clear();
  if (request_.target.capacity() > kept_target_bytes) request_.target.shrink_to_fit();
  request_.headers.clear();
  request_.body.clear();
  if (request_.body.capacity() > kept_body_bytes) request_.body.shrink_to_fit();
  error_ = {};
  state_ = State::header;
  request_.ticket.reset();
  started_ = expects_continue_ = keep_alive_ = http10_ = chunked_ = keeps_body_ = has_more_ = false;
  coding_ = Coding::none;
  scanned_ = body_left_ = chunk_left_ = body_bytes_ = body_limit_ = 0;
  wire_->grammar.emplace(*this);
  wire_->gzip.reset();
}

std::size_t RequestParser::feed(std::string_view input, std::size_t slice_bytes) {
  if (state_ == State::header) return feed_header(input);
  if (state_ != State::body) return 0;
  slice_left_ = slice_bytes;
  if (std::exchange(has_more_, false)) take_body({});
  if (has_more_ || state_ != State::body) return 0;
  return chunked_ ? feed_chunks(input) : feed_sized_body(input);
}

std::size_t RequestParser::feed_header(std::string_view input) {
  std::size_t skipped = 0;
  if (!started_) {
    while (input.substr(skipped).starts_with("\r\n")) skipped += 2;
    input.remove_prefix(skipped);
    if (input.empty() || input == "\r") return skipped;
    started_ = true;
    if (!is_token_char(input.front())) {
      fail(ProtocolProblem::malformed, "the connection does not begin with an HTTP request");
      return skipped;
    }
  }
  // The whole header is found first and read at once: so it is refused for the same reason however it was cut.
  const auto seen = input.substr(0, limits_.header_bytes_max);
  for (auto line_end = seen.find('\n', scanned_); line_end != std::string_view::npos;
       line_end = seen.find('\n', line_end + 1)) {
    if (line_end == 0 || seen[line_end - 1] != '\r') {
      fail(ProtocolProblem::malformed, "a line of the header ends without a carriage return");
      return skipped;
    }
    if (line_end >= 3 && seen[line_end - 2] == '\n') {
      const auto header = seen.substr(0, line_end + 1);
      read_header(header);
      return skipped + header.size();
    }
  }
  scanned_ = seen.size();
  if (seen.size() == limits_.header_bytes_max) {
    fail(ProtocolProblem::header_too_large, "the request line and the header fields are too large",
         limits_.header_bytes_max);
  }
  return skipped;
}

void RequestParser::read_header(std::string_view header) {
  header_end_ = header.data() + header.size();
  beast::error_code ec;
  wire_->grammar->put({header.data(), header.size()}, ec);
  if (ec == wire::error::bad_version && ends_in_a_version(header)) {
    return fail(ProtocolProblem::version_not_supported, "this server speaks HTTP/1.1 and HTTP/1.0");
  }
  if (ec == wire::error::bad_version) {
    return fail(ProtocolProblem::malformed,
                "the request line is not METHOD TARGET HTTP/1.1; a blank in the target must be sent as %20");
  }
  if (wire_->grammar->folded) {
    return fail(ProtocolProblem::malformed, "a header field is continued on the next line (obs-fold)");
  }
  if (wire_->grammar->bad_target) {
    return fail(ProtocolProblem::malformed, "the request target is neither a path nor an absolute http URL");
  }
  if (ec || !wire_->grammar->is_header_done()) {
    return fail(ProtocolProblem::malformed, "the request header is not well-formed: " + ec.message());
  }
  header_ended();
}

void RequestParser::header_ended() {
  keep_alive_ = wire_->grammar->keep_alive();
  if (!check_transfer_encoding() || !check_host() || !check_expectation()) return;
  chunked_ = wire_->grammar->chunked();
  const std::uint64_t declared = wire_->grammar->content_length().value_or(0);
  if (!chunked_ && declared == 0) {
    expects_continue_ = false;
    state_ = State::complete;
    return;
  }
  coding_ = content_coding();
  body_limit_ = limits_.body_bytes_max_for ? limits_.body_bytes_max_for(request_.method, request_.target)
                                           : limits_.body_bytes_max;
  body_left_ = declared;
  state_ = State::head;
}

void RequestParser::accept_body(bool keep) {
  INVARIANT(state_ == State::head, "a body is accepted in state %d, not between head and body",
            static_cast<int>(state_));
  if (coding_ == Coding::unknown) {
    return fail(ProtocolProblem::unsupported_encoding, "the only Content-Encoding that is understood is gzip");
  }
  if (body_left_ > body_limit_) {
    return fail(ProtocolProblem::body_too_large, "the body is too large", body_limit_, body_left_);
  }
  if (keep && coding_ == Coding::gzip) wire_->gzip.emplace();
  keeps_body_ = keep;
  state_ = State::body;
}

void RequestParser::drop_body() {
  INVARIANT(state_ == State::head, "a body is dropped in state %d, not between head and body",
            static_cast<int>(state_));
  state_ = State::body;
}

std::optional<std::size_t> RequestParser::plain_body_bytes() const noexcept {
  const bool plain = !chunked_ && coding_ == Coding::none && body_left_ <= body_limit_;
  return plain ? std::optional{body_left_} : std::nullopt;
}

std::optional<std::size_t> RequestParser::body_bytes_declared() const noexcept {
  return chunked_ ? std::nullopt : std::optional{body_left_};
}

std::size_t RequestParser::decoded_bytes() const noexcept { return decodes() ? request_.body.size() : body_bytes_; }

std::size_t RequestParser::body_memory_bytes() const noexcept {
  return request_.body.capacity() + (wire_->gzip ? GzipDecoder::memory_bytes : 0);
}

bool RequestParser::check_transfer_encoding() {
  const auto count = request_.headers.count("Transfer-Encoding");
  if (count == 0) return true;
  if (http10_ || request_.headers.find("Content-Length")) {
    fail(ProtocolProblem::malformed, "Transfer-Encoding with Content-Length, or in HTTP/1.0");
    return false;
  }
  if (count > 1 || !equal_ignoring_case(*request_.headers.find("Transfer-Encoding"), "chunked")) {
    fail(ProtocolProblem::not_implemented, "the only Transfer-Encoding that is understood is chunked");
    return false;
  }
  return true;
}

bool RequestParser::check_host() {
  const auto count = request_.headers.count("Host");
  if (count == 1 || (count == 0 && http10_)) return true;
  fail(ProtocolProblem::malformed, "an HTTP/1.1 request has exactly one Host field");
  return false;
}

bool RequestParser::check_expectation() {
  const auto expectation = request_.headers.find("Expect");
  if (!expectation || http10_) return true;
  expects_continue_ = equal_ignoring_case(*expectation, "100-continue");
  if (!expects_continue_) {
    fail(ProtocolProblem::unsupported_expectation, "the only expectation that is understood is 100-continue");
  }
  return expects_continue_;
}

RequestParser::Coding RequestParser::content_coding() const {
  const auto count = request_.headers.count("Content-Encoding");
  if (count == 0) return Coding::none;
  if (count > 1) return Coding::unknown;
  const auto coding = *request_.headers.find("Content-Encoding");
  if (equal_ignoring_case(coding, "identity")) return Coding::none;
  return equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip") ? Coding::gzip : Coding::unknown;
}

std::size_t RequestParser::feed_sized_body(std::string_view input) {
  const std::size_t used = take_body(input.substr(0, body_left_));
  body_left_ -= used;
  if (state_ == State::body && !has_more_ && body_left_ == 0) body_ended();
  return used;
}

std::size_t RequestParser::feed_chunks(std::string_view input) {
  std::size_t used = 0;
  // Piece by piece, so that the limit of a chunk's header and of the trailers does not depend on how much has come.
  while (state_ == State::body && !has_more_) {
    const auto piece = input.substr(used, limits_.header_bytes_max);
    if (piece.empty() || (chunk_left_ == 0 && piece.size() < last_chunk_bytes)) break;
    beast::error_code ec;
    const auto taken = wire_->grammar->put({piece.data(), piece.size()}, ec);
    used += taken;
    if (state_ == State::failed || has_more_) break;
    if (ec && ec != wire::error::need_more) {
      fail(ProtocolProblem::malformed, "the chunked body is not well-formed: " + ec.message());
    } else if (wire_->grammar->is_done()) {
      body_ended();
    } else if (taken == 0 && piece.size() == limits_.header_bytes_max) {
      fail(ProtocolProblem::header_too_large, "a chunk's header or the trailers are too large",
           limits_.header_bytes_max);
    } else if (taken == 0) {
      break;
    }
  }
  return used;
}

/// Says how many of the bytes it took: all, unless the slice is used up.
std::size_t RequestParser::take_body(std::string_view bytes) {
  if (!wire_->gzip) {
    if (keeps_body_) {
      request_.body.resize(body_bytes_);
      request_.body.append(bytes);
    }
    body_bytes_ += bytes.size();
    return bytes.size();
  }
  const std::size_t before = request_.body.size();
  std::string_view rest = bytes;
  const auto outcome = wire_->gzip->decode(rest, request_.body, body_limit_, slice_left_);
  slice_left_ -= std::min(slice_left_, request_.body.size() - before);
  const std::size_t taken = bytes.size() - rest.size();
  body_bytes_ += taken;
  switch (outcome) {
    case GzipDecoder::Status::ok: break;
    case GzipDecoder::Status::more: has_more_ = true; break;
    case GzipDecoder::Status::too_large:
      fail(ProtocolProblem::body_too_large, "the decoded body is too large", body_limit_);
      break;
    case GzipDecoder::Status::broken: fail(ProtocolProblem::bad_encoding, "the body is not gzip"); break;
  }
  return taken;
}

void RequestParser::body_ended() {
  INVARIANT(state_ == State::body && body_left_ == 0, "a body ends in state %d with %zu bytes to come",
            static_cast<int>(state_), body_left_);
  if (wire_->gzip && body_bytes_ > 0 && !wire_->gzip->at_end()) {
    return fail(ProtocolProblem::bad_encoding, "the gzip body is cut short");
  }
  wire_->gzip.reset();
  state_ = State::complete;
}

std::span<char> RequestParser::body_space() {
  if (state_ != State::body || chunked_ || wire_->gzip || !keeps_body_) return {};
  // Memory in steps that double, so that a sender has to send what it wants us to hold; cleared a piece at a time.
  const std::size_t have = body_bytes_;
  const std::size_t room = std::min(body_left_, std::max(body_step_bytes, have));
  if (request_.body.capacity() < have + room) request_.body.reserve(have + room);
  const std::size_t piece = std::min(room, cleared_bytes_max);
  if (request_.body.size() < have + piece) request_.body.resize(have + piece);
  return {request_.body.data() + have, request_.body.size() - have};
}

void RequestParser::body_written(std::size_t size) {
  INVARIANT(state_ == State::body && size <= body_left_, "in state %d, %zu bytes of a body that has %zu left",
            static_cast<int>(state_), size, body_left_);
  body_bytes_ += size;
  body_left_ -= size;
  if (body_left_ == 0) state_ = State::complete;
}

void RequestParser::fail(ProtocolProblem problem, std::string_view detail, std::size_t limit_bytes,
                         std::size_t size_bytes) {
  error_ = {problem, std::string(detail), limit_bytes, size_bytes};
  keep_alive_ = false;
  state_ = State::failed;
}

}  // namespace triggers::http
