#include "swarm/load/response_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/wire/message.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view header_end = "\r\n\r\n";
constexpr std::size_t chunk_line_bytes_max = 4096;
constexpr std::size_t kept_bytes_max = 16 * 1024;  // kept between two responses
constexpr unsigned switching_protocols = 101;      // no request asks for that

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit(name, value)` for each field until it returns false.
template <class Visit>
bool each_field(std::string_view fields, Visit visit) {
  while (!fields.empty()) {
    const auto end = fields.find(line_end);
    const auto line = fields.substr(0, end);
    fields.remove_prefix(end == std::string_view::npos ? fields.size() : end + line_end.size());
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    if (!visit(line.substr(0, colon), trimmed(line.substr(colon + 1)))) return false;
  }
  return true;
}

std::string_view fields_of(std::string_view header) {
  const auto first = header.find(line_end);
  return first == std::string_view::npos ? std::string_view{} : header.substr(first + line_end.size());
}

}  // namespace

void ResponseReader::reset(bool to_head) noexcept {
  to_head_ = to_head;
  for (std::string* const held : {&buffer_, &chunks_}) {
    if (held->capacity() > kept_bytes_max) {
      std::string().swap(*held);
    } else {
      held->clear();
    }
  }
  begin_ = body_at_ = parsed_ = searched_ = 0;
  header_ = body_ = {};
  length_.reset();
  status_ = interim_responses_ = 0;
  chunked_ = surplus_ = begun_ = in_trailers_ = over_limit_ = false;
  keep_alive_ = true;
}

ResponseReader::State ResponseReader::feed(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  const bool in_one_piece = buffer_.empty();
  if (!in_one_piece) buffer_.append(bytes);
  const std::string_view text = in_one_piece ? bytes : std::string_view(buffer_);
  const State state = advance(text, false);
  if (state == State::more) keep(text);
  return state;
}

void ResponseReader::keep_views() {
  if (!buffer_.empty()) return;  // they are views of what this holds
  const std::size_t header_bytes = header_.size(), body_bytes = chunked_ ? 0 : body_.size();
  buffer_.reserve(header_bytes + body_bytes);
  buffer_.append(header_).append(body_.substr(0, body_bytes));
  const std::string_view kept = buffer_;
  header_ = kept.substr(0, header_bytes);
  if (!chunked_) body_ = kept.substr(header_bytes);
}

ResponseReader::State ResponseReader::bounded(std::size_t size, std::size_t size_max) noexcept {
  over_limit_ = over_limit_ || size > size_max;
  return over_limit_ ? State::broken : State::more;
}

ResponseReader::State ResponseReader::end() { return begun_ ? advance(buffer_, true) : State::broken; }

/// Reduces buffer_ to the part of `text` that is still needed: the header and the unread rest. `text` is buffer_ or the
/// single piece. So interim responses and chunk framing use no memory, however many there are.
void ResponseReader::keep(std::string_view text) {
  const std::size_t read = chunked_ && body_at_ != 0 ? parsed_ - body_at_ : 0;
  if (buffer_.empty()) {
    buffer_.assign(text.substr(begin_));
  } else if (begin_ > 0) {
    buffer_.erase(0, begin_);
  }
  if (body_at_ != 0) body_at_ -= begin_;
  if (read > 0) buffer_.erase(body_at_, read);
  searched_ -= std::min(searched_, begin_ + read);
  parsed_ = body_at_;
  begin_ = 0;
  header_ = std::string_view(buffer_).substr(0, header_.size());
}

ResponseReader::State ResponseReader::advance(std::string_view text, bool ended) {
  while (body_at_ == 0) {
    if (const State state = read_head(text, ended); state != State::whole) return state;
  }
  header_ = text.substr(begin_, header_.size());
  return read_body(text, ended);
}

/// `whole` after a header: that of the response, or of an interim response, which is skipped.
ResponseReader::State ResponseReader::read_head(std::string_view text, bool ended) {
  constexpr std::string_view start = "HTTP/1.";
  const std::string_view response = text.substr(begin_);
  // Bytes that do not begin like HTTP are broken at once.
  if (response.substr(0, start.size()) != start.substr(0, response.size())) return State::broken;
  const auto end = text.find(header_end, std::max(begin_, searched_));
  if (end == std::string_view::npos) {
    searched_ = text.size() - std::min(text.size(), header_end.size() - 1);
    return ended ? State::broken : bounded(response.size(), header_bytes_max);
  }
  if (bounded(end - begin_, header_bytes_max) == State::broken) return State::broken;
  if (!read_header(text.substr(begin_, end - begin_))) return State::broken;
  const auto behind = end + header_end.size();
  if (status_ / 100 != 1) {
    body_at_ = parsed_ = searched_ = behind;
    return State::whole;
  }
  if (status_ == switching_protocols) return State::broken;
  if (bounded(++interim_responses_, interim_responses_max) == State::broken) return State::broken;
  begin_ = searched_ = behind;
  header_ = {};
  length_.reset();
  status_ = 0;
  chunked_ = false;
  begun_ = text.size() > begin_;
  return State::whole;
}

ResponseReader::State ResponseReader::read_body(std::string_view text, bool ended) {
  if (chunked_) {
    const State state = in_trailers_ ? read_trailers(text) : read_chunks(text);
    return state == State::more && ended ? State::broken : state;
  }
  const auto have = text.size() - body_at_;
  if (length_ && have >= *length_) {
    body_ = text.substr(body_at_, *length_);
    surplus_ = have > *length_;
    return State::whole;
  }
  if (ended && !length_) {
    body_ = text.substr(body_at_);
    keep_alive_ = false;
    return State::whole;
  }
  return ended ? State::broken : bounded(have, body_bytes_max);
}

bool ResponseReader::read_header(std::string_view header) {
  header_ = header;
  const auto status_line = header.substr(0, header.find(line_end));
  if (status_line.size() < 12 || status_line[8] != ' ') return false;
  if (!read_number(status_line.substr(9, 3), status_) || status_ < 100) return false;
  if (status_line.size() > 12 && status_line[12] != ' ') return false;
  keep_alive_ = status_line[7] != '0';
  const bool readable = each_field(
      fields_of(header), [this](std::string_view name, std::string_view value) { return read_field(name, value); });
  if (status_ == 204 || status_ == 304 || to_head_) {
    length_ = 0;
    chunked_ = false;
  }
  // With both a length and a transfer coding, readers could disagree about where the response ends.
  return readable && !(length_ && chunked_) && bounded(length_.value_or(0), body_bytes_max) == State::more;
}

/// False if the end of the response is ambiguous. The lengths of names distinguish the relevant fields cheaply.
bool ResponseReader::read_field(std::string_view name, std::string_view value) {
  if (name.size() == 14 && http::equal_ignoring_case(name, "Content-Length")) {
    return !length_ && read_number(value, length_.emplace());
  }
  if (name.size() == 17 && http::equal_ignoring_case(name, "Transfer-Encoding")) {
    const bool first = !std::exchange(chunked_, http::equal_ignoring_case(value, "chunked"));
    return first && chunked_;
  }
  if (name.size() == 10 && http::equal_ignoring_case(name, "Connection")) {
    if (http::equal_ignoring_case(value, "close")) keep_alive_ = false;
    if (http::equal_ignoring_case(value, "keep-alive")) keep_alive_ = true;
  }
  return true;
}

ResponseReader::State ResponseReader::read_chunks(std::string_view text) {
  for (;;) {
    const auto end = text.find(line_end, std::max(parsed_, searched_));
    if (end == std::string_view::npos) {
      searched_ = std::max(parsed_, text.size() - std::min<std::size_t>(text.size(), 1));
      return bounded(text.size() - parsed_, chunk_line_bytes_max);
    }
    if (bounded(end - parsed_, chunk_line_bytes_max) == State::broken) return State::broken;
    const auto line = text.substr(parsed_, end - parsed_);
    std::size_t size = 0;
    if (!read_number(trimmed(line.substr(0, line.find(';'))), size, 16)) return State::broken;
    if (bounded(size, body_bytes_max - chunks_.size()) == State::broken) return State::broken;
    const auto data_at = end + line_end.size();
    if (size == 0) {
      in_trailers_ = true;
      parsed_ = searched_ = data_at;
      return read_trailers(text);
    }
    searched_ = end;
    if (text.size() < data_at + size + line_end.size()) return State::more;
    if (text.substr(data_at + size, 2) != line_end) return State::broken;
    chunks_.append(text.substr(data_at, size));
    parsed_ = searched_ = data_at + size + line_end.size();
  }
}

/// Reads up to an empty line, which comes first if there are no trailers.
ResponseReader::State ResponseReader::read_trailers(std::string_view text) {
  const std::string_view trailers = text.substr(parsed_);
  std::size_t behind = parsed_ + line_end.size();
  if (!trailers.starts_with(line_end)) {
    const auto end = text.find(header_end, std::max(parsed_, searched_));
    if (end == std::string_view::npos) {
      searched_ = std::max(parsed_, text.size() - std::min(text.size(), header_end.size() - 1));
      return bounded(trailers.size(), header_bytes_max);
    }
    if (bounded(end - parsed_, header_bytes_max) == State::broken) return State::broken;
    behind = end + header_end.size();
  }
  surplus_ = text.size() > behind;
  body_ = chunks_;
  return State::whole;
}

std::string_view ResponseReader::header(std::string_view name) const noexcept {
  std::string_view found;
  each_field(fields_of(header_), [&](std::string_view field, std::string_view value) {
    if (!http::equal_ignoring_case(field, name)) return true;
    found = value;
    return false;
  });
  return found;
}

}  // namespace triggers::swarm
