#include "store/dynamo/events/inbox_numbers.h"

#include "base/invariant.h"
#include "store/dynamo/events/varint.h"

namespace triggers::store::dynamo {

std::string encode_numbers(const InboxNumbers& numbers) {
  std::string bytes;
  std::uint64_t before = 0;
  for (const std::uint64_t number : numbers) {
    INVARIANT(bytes.empty() || number > before, "the numbers of inboxes are not in their order");
    append_varint(bytes, number - before);
    before = number;
  }
  return bytes;
}

std::optional<InboxNumbers> decode_numbers(std::string_view bytes) {
  InboxNumbers numbers;
  std::uint64_t before = 0;
  while (!bytes.empty()) {
    const auto more = take_varint(bytes);
    if (!more || (*more == 0 && !numbers.empty()) || before + *more < before) return std::nullopt;
    before += *more;
    numbers.push_back(before);
  }
  return numbers;
}

}  // namespace triggers::store::dynamo
