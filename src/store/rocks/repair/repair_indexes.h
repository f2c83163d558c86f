#pragma once

// Two parts of rebuild() (repair.h): they make the indexes of expiry and of duplicates agree with the events that were
// recovered.

#include <vector>

#include "base/result.h"
#include "store/rocks/repair/repair.h"

namespace triggers::store {

/// Each acknowledgement gets its `expiry` entry, and an entry without its acknowledgement goes: a sweep would remove
/// an event that is unacknowledged again. An acknowledgement that cannot be read goes too, so this comes first.
Status rebuild_expiry(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families, RepairReport& report);

/// Drops what `dedup` and `idempotency` say of events that were lost: an event that is sent again would be taken for a
/// duplicate, and be lost for good.
Status drop_lost_duplicates(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                            RepairReport& report);

}  // namespace triggers::store
