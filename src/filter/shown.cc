#include "filter/shown.h"

#include <string_view>

#include "event/event.h"
#include "event/quotable.h"

namespace triggers::filter {
namespace {

using event::Tape;

constexpr std::size_t list_chars_max = 200;
constexpr std::size_t value_chars_max = 100;
/// More than any text has after it was cut, so that a long value is not written only to be cut.
constexpr std::size_t written_bytes_max = 1024;

void write(const Tape& tape, std::size_t i, std::string& out);

void write_string(std::string_view text, std::string& out) {
  event::append_json_string(out, event::quotable(text.substr(0, written_bytes_max), value_chars_max));
}

void write_members(const Tape& tape, std::size_t i, std::string& out) {
  const bool named = tape[i].kind == Tape::Kind::object;
  for (std::size_t at = i + 1; at != tape[i].next && out.size() < written_bytes_max; at = tape[at].next) {
    if (at != i + 1) out.push_back(',');
    if (named) {
      write_string(tape[at].text, out);
      out.push_back(':');
      ++at;
    }
    write(tape, at, out);
  }
}

void write(const Tape& tape, std::size_t i, std::string& out) {
  switch (tape[i].kind) {
    case Tape::Kind::string: return write_string(tape[i].text, out);
    case Tape::Kind::null: out.append("null"); return;
    case Tape::Kind::boolean:
    case Tape::Kind::number: out.append(tape[i].text.substr(0, written_bytes_max)); return;
    case Tape::Kind::array:
    case Tape::Kind::object: {
      const bool is_array = tape[i].kind == Tape::Kind::array;
      out.push_back(is_array ? '[' : '{');
      write_members(tape, i, out);
      out.push_back(is_array ? ']' : '}');
    }
  }
}

}  // namespace

Scalar scalar_of(const Tape::Node& node) {
  switch (node.kind) {
    case Tape::Kind::string: return Scalar(Scalar::Kind::text, node.text);
    case Tape::Kind::number: return Scalar(Scalar::Kind::number, node.text);
    case Tape::Kind::boolean: return Scalar(node.text == "true" ? Scalar::Kind::yes : Scalar::Kind::no);
    default: return Scalar(Scalar::Kind::null);
  }
}

std::string shown_list(const ValueList& list) {
  std::string out = "[";
  for (const Matcher& matcher : list.matchers) out.append(out.size() == 1 ? "" : ",").append(matcher.source);
  return event::quotable(out.append("]"), list_chars_max);
}

std::string shown_value(const Tape& tape, std::size_t node) {
  std::string out;
  write(tape, node, out);
  return event::quotable(out, value_chars_max);
}

}  // namespace triggers::filter
