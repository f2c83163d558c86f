#include "api/keys/key_shard.h"

#include <cstring>
#include <utility>

namespace triggers::api {
namespace {

/// Of the maps, the list of members, and the allocator.
constexpr std::size_t entry_bytes = 320;

/// The approximate memory of a key for one of its secrets. Its rate bucket and last use are counted too, although they
/// may outlive the key in this shard.
std::size_t bytes_of(const ActiveKey& key) {
  const auth::KeyRecord& record = key.record;
  std::size_t bytes = entry_bytes + sizeof(ActiveKey) + sizeof(limit::RateBucket) + sizeof(LastUse) +
                      record.key_id.capacity() + record.user_id.capacity() + record.user_email.capacity() +
                      record.description.capacity() + key.tenant.id.capacity() +
                      record.secrets.capacity() * sizeof(auth::KeySecret);
  bytes += record.event_types.size() * sizeof(std::string);
  for (const auto& type : record.event_types) bytes += type.capacity();
  bytes += record.inboxes.size() * sizeof(std::string);
  for (const auto& inbox : record.inboxes) bytes += inbox.capacity();
  return bytes;
}

}  // namespace

std::size_t HashOfHash::operator()(const auth::KeyHash& hash) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, hash.bytes.data() + 8, sizeof value);
  return value;
}

void KeyShard::set_bytes_max(std::size_t bytes_max) {
  const WriterLock lock(mutex_);
  large_.bytes_max = bytes_max / 4;
  small_.bytes_max = bytes_max - large_.bytes_max;
}

std::shared_ptr<const ActiveKey> KeyShard::find(const auth::KeyHash& hash) const {
  const ReaderLock lock(mutex_);
  const auto found = keys_.find(hash);
  return found == keys_.end() ? nullptr : found->second.key;
}

void KeyShard::put(const auth::KeyHash& hash, std::shared_ptr<const ActiveKey> key) {
  const std::size_t bytes = bytes_of(*key);
  const WriterLock lock(mutex_);
  if (const auto before = keys_.find(hash); before != keys_.end()) erase(before);
  Class& home = bytes > small_bytes_max ? large_ : small_;
  while (!home.members.empty() && home.bytes + bytes > home.bytes_max) {
    erase(keys_.find(home.members[random_() % home.members.size()]->first));
  }
  home.members.push_back(nullptr);
  try {
    const auto added = keys_.emplace(hash, Entry{std::move(key), &home, bytes, home.members.size() - 1}).first;
    home.members.back() = &*added;
  } catch (...) {
    home.members.pop_back();
    throw;
  }
  home.bytes += bytes;
}

void KeyShard::erase(const auth::KeyHash& hash) {
  const WriterLock lock(mutex_);
  if (const auto found = keys_.find(hash); found != keys_.end()) erase(found);
}

void KeyShard::erase_older(const auth::KeyHash& hash, std::chrono::steady_clock::time_point time) {
  const WriterLock lock(mutex_);
  if (const auto found = keys_.find(hash); found != keys_.end() && found->second.key->read_at < time) erase(found);
}

std::size_t KeyShard::bytes() const {
  const ReaderLock lock(mutex_);
  return small_.bytes + large_.bytes;
}

void KeyShard::erase(Keys::iterator found) {
  const Entry& gone = found->second;
  Class& home = *gone.home;
  home.bytes -= gone.bytes;
  Keys::value_type* const last = home.members.back();
  last->second.at = gone.at;
  home.members[gone.at] = last;
  home.members.pop_back();
  keys_.erase(found);
}

}  // namespace triggers::api
