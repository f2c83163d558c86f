#include "swarm/load/response_reader.h"

#include <charconv>

#include "http/message.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view header_end = "\r\n\r\n";

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

void ResponseReader::reset() noexcept {
  buffer_.clear();
  chunks_.clear();
  parsed_ = body_at_ = 0;
  header_ = body_ = {};
  length_.reset();
  status_ = 0;
  chunked_ = surplus_ = begun_ = false;
  keep_alive_ = true;
}

ResponseReader::State ResponseReader::feed(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  if (buffer_.empty()) {
    took_interim_ = false;
    const State state = advance(bytes, false);
    if (state == State::more && !took_interim_) {
      buffer_.assign(bytes);
      if (body_at_ != 0) header_ = std::string_view(buffer_).substr(0, header_.size());
    }
    return state;
  }
  buffer_.append(bytes);
  return advance(buffer_, false);
}

ResponseReader::State ResponseReader::end() { return begun_ ? advance(buffer_, true) : State::broken; }

ResponseReader::State ResponseReader::advance(std::string_view text, bool ended) {
  while (body_at_ == 0) {
    const auto end = text.find(header_end);
    if (end == std::string_view::npos) return ended || text.size() > header_bytes_max ? State::broken : State::more;
    if (!read_header(text.substr(0, end))) return State::broken;
    if (status_ / 100 == 1) {  // an interim answer: the real one follows
      const std::string rest{text.substr(end + header_end.size())};
      reset();
      begun_ = !rest.empty();
      buffer_ = rest;
      took_interim_ = true;
      if (buffer_.empty()) return ended ? State::broken : State::more;
      text = buffer_;
      continue;
    }
    body_at_ = parsed_ = end + header_end.size();
  }
  header_ = text.substr(0, header_.size());
  if (chunked_) {
    const State state = read_chunks(text);
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
  return ended || have > body_bytes_max ? State::broken : State::more;
}

bool ResponseReader::read_header(std::string_view header) {
  header_ = header;
  const auto status_line = header.substr(0, header.find(line_end));
  if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12 || status_line[8] != ' ') return false;
  if (!read_number(status_line.substr(9, 3), status_) || status_ < 100) return false;
  keep_alive_ = status_line[7] != '0';
  const bool readable = each_field(fields_of(header), [this](std::string_view name, std::string_view value) {
    // Their lengths tell the few fields that matter here from all others.
    if (name.size() == 14 && http::equal_ignoring_case(name, "Content-Length")) {
      return read_number(value, length_.emplace());
    }
    if (name.size() == 17 && http::equal_ignoring_case(name, "Transfer-Encoding")) {
      chunked_ = http::equal_ignoring_case(value, "chunked");
      return chunked_;
    }
    if (name.size() == 10 && http::equal_ignoring_case(name, "Connection")) {
      if (http::equal_ignoring_case(value, "close")) keep_alive_ = false;
      if (http::equal_ignoring_case(value, "keep-alive")) keep_alive_ = true;
    }
    return true;
  });
  if (status_ == 204 || status_ == 304) {
    length_ = 0;
    chunked_ = false;
  }
  return readable && !(length_ && *length_ > body_bytes_max);
}

ResponseReader::State ResponseReader::read_chunks(std::string_view text) {
  for (;;) {
    const auto end = text.find(line_end, parsed_);
    if (end == std::string_view::npos) {
      return text.size() - parsed_ > header_bytes_max ? State::broken : State::more;
    }
    const auto line = text.substr(parsed_, end - parsed_);
    std::size_t size = 0;
    if (!read_number(trimmed(line.substr(0, line.find(';'))), size, 16)) return State::broken;
    if (size > body_bytes_max - chunks_.size()) return State::broken;
    const auto data_at = end + line_end.size();
    if (size == 0) {
      // Trailers, up to an empty line.
      const auto last = text.compare(data_at, 2, line_end) == 0 ? data_at : text.find(header_end, data_at);
      if (last == std::string_view::npos) return State::more;
      const auto past = last + (last == data_at ? line_end.size() : header_end.size());
      if (past > text.size()) return State::more;
      surplus_ = text.size() > past;
      body_ = chunks_;
      return State::whole;
    }
    if (text.size() < data_at + size + line_end.size()) return State::more;
    if (text.substr(data_at + size, 2) != line_end) return State::broken;
    chunks_.append(text.substr(data_at, size));
    parsed_ = data_at + size + line_end.size();
  }
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
