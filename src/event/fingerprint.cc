#include "event/fingerprint.h"

#include "event/scan.h"

namespace triggers::event {

Fingerprint fingerprint(std::string_view event_type, std::string_view payload) {
  Cursor cursor(payload);
  Hasher hasher;
  Hash hash;
  cursor.skip_space();
  // Bytes that are no JSON mean only themselves, as for same_content().
  if (!scan_value(cursor, hasher, nesting_max, hash)) hash = mix::bytes(payload, {});
  return combine(event_type, hash);
}

}  // namespace triggers::event
