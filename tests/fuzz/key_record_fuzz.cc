// Fuzzes the decoder of stored keys (decode() of auth/key.h).

#include <cstddef>
#include <cstdint>

#include "auth/key.h"
#include "base/invariant.h"

/// Whatever decode() takes, encode() writes and decode() reads back the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace triggers::auth;
  const auto record = decode({reinterpret_cast<const char*>(data), size});
  if (!record) return 0;
  const auto again = decode(encode(*record));
  INVARIANT(again.ok());
  INVARIANT(*again == *record);
  return 0;
}
