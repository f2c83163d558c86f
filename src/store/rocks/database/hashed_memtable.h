#pragma once

// RocksDB's table in memory for the families whose keys begin with a hash. How such keys are made is in
// format/layout.h.

#include <cstddef>
#include <memory>

namespace rocksdb {
class MemTableRepFactory;
}

namespace triggers::store {

/// A memtable for keys that begin with eight bytes of a hash, so that they are spread evenly: the first bits of a key
/// choose its bucket, and buckets in order are keys in order. So neither inserting an entry nor the flush needs a
/// search. A skip list compares each entry some seventeen times to insert it, and an unordered hash table as often to
/// sort for the flush. Other keys work too, but slowly.
///
/// One writer at a time; readers at any time. `entries` is how many are expected before a flush.
[[nodiscard]] std::shared_ptr<rocksdb::MemTableRepFactory> make_hashed_memtable(std::size_t entries);

}  // namespace triggers::store
