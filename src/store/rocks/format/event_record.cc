#include "store/rocks/format/event_record.h"

#include "store/rocks/format/varint.h"
#include "store/storage_limits.h"

namespace triggers::store {
namespace {

constexpr char record_version = 1;

std::optional<std::string_view> take_text(std::string_view& rest, std::size_t size) {
  if (rest.size() < size) return std::nullopt;
  const auto text = rest.substr(0, size);
  rest.remove_prefix(size);
  return text;
}

}  // namespace

void append_record_head(std::string& out, const IncomingEvent& event) {
  out.push_back(record_version);
  append_varint(out, event.event_type.size());
  out.append(event.event_type);
  append_varint(out, event.source ? event.source->size() + 1 : 0);
  if (event.source) out.append(*event.source);
  append_varint(out, event.payload.size());
}

std::optional<EventRecord> decode_record(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != record_version) return std::nullopt;
  bytes.remove_prefix(1);
  EventRecord record;
  const auto type_size = take_varint(bytes);
  const auto type = type_size ? take_text(bytes, *type_size) : std::nullopt;
  if (!type) return std::nullopt;
  record.event_type = *type;
  const auto source_size = take_varint(bytes);
  if (!source_size) return std::nullopt;
  if (*source_size > 0) {
    record.source = take_text(bytes, *source_size - 1);
    if (!record.source) return std::nullopt;
  }
  const auto payload_size = take_varint(bytes);
  const auto payload = payload_size ? take_text(bytes, *payload_size) : std::nullopt;
  if (!payload) return std::nullopt;
  record.payload = *payload;
  record.metadata = bytes;
  return record;
}

std::uint64_t stored_bytes_of_record(std::string_view bytes) {
  const auto record = decode_record(bytes);
  if (!record) return stored_event_overhead_bytes + bytes.size();
  return stored_bytes(record->event_type, record->source, record->payload, record->metadata);
}

}  // namespace triggers::store
