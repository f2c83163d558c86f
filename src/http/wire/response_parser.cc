#include "http/wire/response_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace triggers::http {
namespace {

constexpr std::size_t chunk_line_bytes_max = 4096;
constexpr std::size_t reserve_bytes_max = 1024 * 1024;  // a declared length reserves no more than this

std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

}  // namespace

ResponseParser::State ResponseParser::feed(std::string_view bytes) {
  while (!bytes.empty() && step_ != Step::done && step_ != Step::failed) bytes.remove_prefix(take_some(bytes));
  if (step_ == Step::done && !bytes.empty()) surplus_ = true;
  return state();
}

ResponseParser::State ResponseParser::end() {
  if (step_ == Step::until_end) step_ = Step::done;
  keep_alive_ = false;
  if (step_ != Step::done) step_ = Step::failed;
  return state();
}

std::string ResponseParser::take_body() {
  if (step_ == Step::until_end) left_ = body_bytes_max_;
  return std::exchange(response_.body, {});
}

ResponseParser::State ResponseParser::state() const noexcept {
  return step_ == Step::done ? State::whole : step_ == Step::failed ? State::broken : State::more;
}

std::size_t ResponseParser::take_some(std::string_view bytes) {
  started_ = true;
  switch (step_) {
    case Step::head: return take_head(bytes);
    case Step::length:
    case Step::until_end:
    case Step::chunk: return take_body(bytes);
    case Step::chunk_size:
    case Step::chunk_end:
    case Step::trailer: return take_line(bytes);
    case Step::done:
    case Step::failed: break;
  }
  return bytes.size();
}

std::size_t ResponseParser::take_head(std::string_view bytes) {
  const std::size_t had = text_.size();
  text_.append(bytes);
  const auto end = text_.find("\r\n\r\n", had < 3 ? 0 : had - 3);
  if (end == std::string::npos || end > response_header_bytes_max) {
    // Fail at once if the peer does not speak HTTP.
    constexpr std::string_view start = "HTTP/1.";
    const std::size_t compared = std::min(text_.size(), start.size());
    if (text_.size() > response_header_bytes_max || text_.compare(0, compared, start, 0, compared) != 0) {
      step_ = Step::failed;
    }
    return bytes.size();
  }
  const std::size_t used = end + 4 - had;
  const std::string head = text_.substr(0, end + 2);
  text_.clear();
  if (!read_head(head)) step_ = Step::failed;
  return used;
}

bool ResponseParser::read_head(std::string_view head) {
  response_ = {};
  std::string_view rest = head;
  const std::string_view status_line = next_line(rest);
  if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12 || status_line[8] != ' ') return false;
  if (!read_number(status_line.substr(9, 3), response_.status) || response_.status < 100) return false;
  if (status_line.size() > 12 && status_line[12] != ' ') return false;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    response_.headers.add(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  // An interim answer: the real one follows.
  if (response_.status / 100 == 1) return response_.status != 101 && ++interim_answers_ <= interim_answers_max;
  return choose_framing(status_line[7] == '0');
}

bool ResponseParser::choose_framing(bool http10) {
  const Headers& headers = response_.headers;
  const auto connection = headers.find("Connection");
  keep_alive_ = connection ? equal_ignoring_case(*connection, "keep-alive") : !http10;
  if (connection && !http10 && !equal_ignoring_case(*connection, "close")) keep_alive_ = true;
  const auto coding = headers.find("Transfer-Encoding");
  const auto length = headers.find("Content-Length");
  std::uint64_t bytes = 0;
  if (coding && (length || headers.count("Transfer-Encoding") > 1 || !equal_ignoring_case(*coding, "chunked"))) {
    return false;
  }
  if (length && (headers.count("Content-Length") > 1 || !read_number(*length, bytes))) return false;
  if (bodiless_ || response_.status == 204 || response_.status == 304) {
    step_ = Step::done;
  } else if (coding) {
    step_ = Step::chunk_size;
  } else if (length) {
    step_ = Step::length;
    body_follows(bytes);
    if (bytes == 0) step_ = Step::done;
  } else {
    step_ = Step::until_end;
    keep_alive_ = false;
    left_ = body_bytes_max_;
  }
  return step_ != Step::failed;
}

void ResponseParser::body_follows(std::uint64_t bytes) {
  if (bytes > body_bytes_max_ - response_.body.size()) {
    step_ = Step::failed;
    return;
  }
  left_ = bytes;
  response_.body.reserve(response_.body.size() + std::min<std::uint64_t>(bytes, reserve_bytes_max));
}

std::size_t ResponseParser::take_body(std::string_view bytes) {
  if (step_ == Step::until_end && left_ < bytes.size()) {
    step_ = Step::failed;
    return bytes.size();
  }
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  response_.body.append(bytes.substr(0, taken));
  left_ -= taken;
  if (left_ == 0 && step_ == Step::length) step_ = Step::done;
  if (left_ == 0 && step_ == Step::chunk) step_ = Step::chunk_end;
  return taken;
}

std::size_t ResponseParser::take_line(std::string_view bytes) {
  const auto newline = bytes.find('\n');
  const std::size_t used = newline == std::string_view::npos ? bytes.size() : newline + 1;
  text_.append(bytes.substr(0, used));
  if (text_.size() > chunk_line_bytes_max) {
    step_ = Step::failed;
  } else if (newline != std::string_view::npos) {
    if (text_.ends_with("\r\n")) {
      text_.resize(text_.size() - 2);
      line_done();
    } else {
      step_ = Step::failed;
    }
    text_.clear();
  }
  return used;
}

void ResponseParser::line_done() {
  if (step_ == Step::chunk_end) {
    step_ = text_.empty() ? Step::chunk_size : Step::failed;
  } else if (step_ == Step::trailer) {
    trailer_bytes_ += text_.size();
    if (text_.empty()) step_ = Step::done;
    if (trailer_bytes_ > response_header_bytes_max) step_ = Step::failed;
  } else {
    std::uint64_t bytes = 0;
    const std::string_view size = trimmed(std::string_view(text_).substr(0, text_.find(';')));
    if (!read_number(size, bytes, 16)) {
      step_ = Step::failed;
      return;
    }
    step_ = bytes == 0 ? Step::trailer : Step::chunk;
    body_follows(bytes);
  }
}

}  // namespace triggers::http
