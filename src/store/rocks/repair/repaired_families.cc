#include "store/rocks/repair/repaired_families.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

constexpr std::size_t batch_bytes_max = std::size_t{4} * 1024 * 1024;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

Error failed(const rocksdb::Status& status) {
  return {ErrorCode::unavailable, "the repair failed: " + status.ToString()};
}

}  // namespace

RepairedFamilies::RepairedFamilies(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families)
    : db_(db), families_(families), batch_(std::make_unique<rocksdb::WriteBatch>()) {}

RepairedFamilies::~RepairedFamilies() = default;

Status RepairedFamilies::each(Family name, const Take& take) {
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator({}, family(name)));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    if (auto taken = take(view(iterator->key()), view(iterator->value())); !taken) return taken;
    if (batch_->GetDataSize() < batch_bytes_max) continue;
    if (auto written = write(); !written) return written;
  }
  if (!iterator->status().ok()) return failed(iterator->status());
  return write();
}

Result<bool> RepairedFamilies::get(Family name, std::string_view key, std::string& value) const {
  const auto status = db_.Get({}, family(name), slice(key), &value);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return failed(status);
  return true;
}

void RepairedFamilies::put(Family name, std::string_view key, std::string_view value) {
  batch_->Put(family(name), slice(key), slice(value)).PermitUncheckedError();
}

void RepairedFamilies::remove(Family name, std::string_view key) {
  batch_->Delete(family(name), slice(key)).PermitUncheckedError();
}

Status RepairedFamilies::write() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const auto status = db_.Write(options, batch_.get());
  batch_->Clear();
  if (!status.ok()) return failed(status);
  return Done{};
}

}  // namespace triggers::store
