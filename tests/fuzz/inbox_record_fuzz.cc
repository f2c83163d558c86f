// The bytes of a stored record of an inbox.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/invariant.h"
#include "inbox/record_codec.h"

/// Whatever decode_record() takes is byte for byte what encode_record() makes of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace triggers::inbox;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = decode_record(bytes);
  if (!record) return 0;
  INVARIANT(size <= record_bytes_max);
  INVARIANT(encode_record(*record) == bytes);
  return 0;
}
