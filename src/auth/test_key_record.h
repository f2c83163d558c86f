#pragma once

// A key record for tests of this folder. Records in the store's own form are in key_record_test.cc.

#include "auth/key.h"

namespace triggers::auth {

/// Active, a creator's, with the one secret `current`, and valid.
inline KeyRecord good_record() {
  KeyRecord record;
  record.key_id = "key_0190a5c0-0000-7000-8000-000000000000";
  record.user_id = "acme";
  record.user_email = "ops@acme.example";
  record.secrets.push_back({hash_key("current"), std::nullopt});
  return record;
}

}  // namespace triggers::auth
