#include "event/canonical.h"

#include "event/tape.h"

namespace triggers::event {
namespace {

/// Its length, seven bits a byte and the lowest first, then the text. So no sequence of texts reads as another one.
void append_text(std::string& out, std::string_view text) {
  std::size_t size = text.size();
  for (; size >= 128; size >>= 7) out.push_back(static_cast<char>(size | 128));
  out.push_back(static_cast<char>(size));
  out.append(text);
}

/// Recurses no deeper than the scan did.
void append_value(std::string& out, const Tape& tape, std::size_t i) {
  switch (tape[i].kind) {
    case Tape::Kind::null: out.push_back('0'); return;
    case Tape::Kind::boolean: out.push_back(tape[i].text.front()); return;
    case Tape::Kind::number: out.push_back('n'); return append_text(out, tape[i].text);
    case Tape::Kind::string: out.push_back('s'); return append_text(out, tape[i].text);
    case Tape::Kind::array:
      out.push_back('[');
      for (std::size_t element = i + 1; element != tape[i].next; element = tape[element].next) {
        append_value(out, tape, element);
      }
      return out.push_back(']');
    case Tape::Kind::object:
      out.push_back('{');
      for (const std::size_t name : tape.sorted_names(i)) {
        append_text(out.append(1, ':'), tape[name].text);
        append_value(out, tape, name + 1);
      }
      return out.push_back('}');
  }
}

}  // namespace

std::string canonical(std::string_view event_type, std::string_view payload) {
  std::string out;
  out.reserve(event_type.size() + payload.size() + 16);
  append_text(out, event_type);
  Tape tape;
  if (tape.read(payload)) {
    append_value(out, tape, 0);
  } else {
    // Bytes that are not JSON equal only themselves.
    out.append(1, '!').append(payload);
  }
  return out;
}

}  // namespace triggers::event
