#include "store/rocks/database/hashed_memtable.h"

#include <rocksdb/memtablerep.h>

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/mutex.h"

namespace triggers::store {
namespace {

/// An entry in its bucket's list. RocksDB's own bytes (length, internal key, value) follow it.
struct Node {
  std::atomic<Node*> next{nullptr};

  [[nodiscard]] char* entry() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* entry() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  static Node* of(rocksdb::KeyHandle handle) noexcept { return static_cast<Node*>(handle); }
};

class HashedMemtable final : public rocksdb::MemTableRep {
 public:
  HashedMemtable(const KeyComparator& compare, rocksdb::Allocator* allocator, unsigned bucket_bits)
      : MemTableRep(allocator), compare_(compare), bucket_bits_(bucket_bits), buckets_(std::size_t{1} << bucket_bits) {}

  rocksdb::KeyHandle Allocate(std::size_t bytes, char** buffer) override {
    // The memtable's arena hands out bytes of any alignment.
    char* raw = nullptr;
    MemTableRep::Allocate(sizeof(Node) + bytes + alignof(Node), &raw);
    const auto address = reinterpret_cast<std::uintptr_t>(raw);
    Node* const node = new (raw + (alignof(Node) - address % alignof(Node)) % alignof(Node)) Node;
    *buffer = node->entry();
    return node;
  }

  void Insert(rocksdb::KeyHandle handle) override {
    Node* const node = Node::of(handle);
    std::atomic<Node*>* place = &buckets_[bucket_of(compare_.decode_key(node->entry()))];
    Node* behind = place->load(std::memory_order_relaxed);
    while (behind != nullptr && compare_(behind->entry(), node->entry()) < 0) {
      place = &behind->next;
      behind = place->load(std::memory_order_relaxed);
    }
    node->next.store(behind, std::memory_order_relaxed);
    place->store(node, std::memory_order_release);  // A reader sees the node whole or not at all.
  }

  [[nodiscard]] bool Contains(const char* entry) const override {
    const Node* const node = first_not_before(bucket_of(compare_.decode_key(entry)), compare_.decode_key(entry));
    return node != nullptr && compare_(node->entry(), entry) == 0;
  }

  [[nodiscard]] std::size_t ApproximateMemoryUsage() override { return buckets_.size() * sizeof(buckets_[0]); }

  void Get(const rocksdb::LookupKey& key, void* arguments, bool (*callback)(void*, const char*)) override;

  Iterator* GetIterator(rocksdb::Arena* arena) override { return make_iterator(arena, true); }
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

 private:
  class Cursor;

  Iterator* make_iterator(rocksdb::Arena* arena, bool all_buckets);

  /// Rises with the key, so that buckets in order are keys in order.
  [[nodiscard]] std::size_t bucket_of(const rocksdb::Slice& internal_key) const noexcept {
    constexpr std::size_t trailer_bytes = 8;  // Sequence number and type.
    const std::size_t key_bytes = internal_key.size() - trailer_bytes;
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      head = head << 8 | (i < key_bytes ? static_cast<unsigned char>(internal_key[i]) : 0U);
    }
    return static_cast<std::size_t>(head >> (64 - bucket_bits_));
  }

  [[nodiscard]] const Node* first(std::size_t bucket) const noexcept {
    return buckets_[bucket].load(std::memory_order_acquire);
  }
  static const Node* next(const Node* node) noexcept { return node->next.load(std::memory_order_acquire); }

  /// The first of a bucket that is not before the key; nullptr if all are.
  [[nodiscard]] const Node* first_not_before(std::size_t bucket, const rocksdb::Slice& internal_key) const {
    const Node* node = first(bucket);
    while (node != nullptr && compare_(node->entry(), internal_key) < 0) node = next(node);
    return node;
  }

  const KeyComparator& compare_;
  const unsigned bucket_bits_;
  std::vector<std::atomic<Node*>> buckets_;
  Mutex cursors_mutex_;
  std::vector<std::unique_ptr<std::byte[]>> cursors_ GUARDED_BY(cursors_mutex_);  ///< Memory of iterators.
  static thread_local Cursor* of_get_;  ///< Of the Get() that runs on this thread.
};

/// Walks all buckets, or only the bucket of the key that is looked up.
class HashedMemtable::Cursor final : public MemTableRep::Iterator {
 public:
  Cursor(const HashedMemtable& table, bool all_buckets) : table_(table), all_buckets_(all_buckets) {}

  [[nodiscard]] bool Valid() const override { return node_ != nullptr; }
  [[nodiscard]] const char* key() const override { return node_->entry(); }

  void Next() override {
    node_ = next(node_);
    if (node_ == nullptr) to_later_bucket();
  }
  void Prev() override { to_last_before(node_); }

  void Seek(const rocksdb::Slice& internal_key, const char* memtable_key) override {
    const rocksdb::Slice target = memtable_key != nullptr ? table_.compare_.decode_key(memtable_key) : internal_key;
    bucket_ = table_.bucket_of(target);
    node_ = table_.first_not_before(bucket_, target);
    if (node_ == nullptr) to_later_bucket();
  }
  void SeekForPrev(const rocksdb::Slice& internal_key, const char* memtable_key) override {
    const rocksdb::Slice target = memtable_key != nullptr ? table_.compare_.decode_key(memtable_key) : internal_key;
    bucket_ = table_.bucket_of(target);
    node_ = table_.first_not_before(bucket_, target);
    if (node_ == nullptr || table_.compare_(node_->entry(), target) != 0) to_last_before(node_);
  }

  void SeekToFirst() override {
    bucket_ = 0;
    node_ = table_.first(bucket_);
    if (node_ == nullptr) to_later_bucket();
  }
  void SeekToLast() override {
    bucket_ = table_.buckets_.size() - 1;
    to_last_before(nullptr);
  }

 private:
  void to_later_bucket() {
    while (all_buckets_ && node_ == nullptr && bucket_ + 1 < table_.buckets_.size()) node_ = table_.first(++bucket_);
  }

  /// To the one before `end`, which is in this bucket, or its end if nullptr.
  void to_last_before(const Node* end) {
    node_ = nullptr;
    for (;;) {
      for (const Node* node = table_.first(bucket_); node != end; node = next(node)) node_ = node;
      if (node_ != nullptr || !all_buckets_ || bucket_ == 0) return;
      --bucket_;
      end = nullptr;
    }
  }

  const HashedMemtable& table_;
  const bool all_buckets_;
  std::size_t bucket_ = 0;
  const Node* node_ = nullptr;
};

thread_local HashedMemtable::Cursor* HashedMemtable::of_get_ = nullptr;

/// Only the base class can read a LookupKey. In RocksDB 7.8 it asks for an iterator without an arena and never frees
/// it, so this gives it one that needs no freeing.
void HashedMemtable::Get(const rocksdb::LookupKey& key, void* arguments, bool (*callback)(void*, const char*)) {
  Cursor cursor(*this, false);
  of_get_ = &cursor;
  MemTableRep::Get(key, arguments, callback);
  of_get_ = nullptr;
}

rocksdb::MemTableRep::Iterator* HashedMemtable::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  if (arena == nullptr && of_get_ != nullptr) return of_get_;
  return make_iterator(arena, false);
}

rocksdb::MemTableRep::Iterator* HashedMemtable::make_iterator(rocksdb::Arena* arena, bool all_buckets) {
  if (arena == nullptr) return new Cursor(*this, all_buckets);
  // Whoever gives an arena destroys the iterator and frees nothing. The arena's type is RocksDB's own, and the
  // memtable's own may not grow any more: so the few iterators of flushes are kept here as long as the memtable.
  auto memory = std::make_unique<std::byte[]>(sizeof(Cursor));
  auto* const cursor = new (memory.get()) Cursor(*this, all_buckets);
  const MutexLock lock(cursors_mutex_);
  cursors_.push_back(std::move(memory));
  return cursor;
}

class HashedMemtableFactory final : public rocksdb::MemTableRepFactory {
 public:
  explicit HashedMemtableFactory(unsigned bucket_bits) : bucket_bits_(bucket_bits) {}

  [[nodiscard]] const char* Name() const override { return "triggers.HashedMemtable"; }
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator& compare,
                                          rocksdb::Allocator* allocator, const rocksdb::SliceTransform* /*prefix*/,
                                          rocksdb::Logger* /*logger*/) override {
    return new HashedMemtable(compare, allocator, bucket_bits_);
  }

 private:
  const unsigned bucket_bits_;
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> make_hashed_memtable(std::size_t entries) {
  return std::make_shared<HashedMemtableFactory>(static_cast<unsigned>(std::bit_width(entries)));
}

}  // namespace triggers::store
