#pragma once

// For tests: a key store that counts its reads and can interrupt them.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "base/yield.h"
#include "store/key_store.h"

namespace triggers::api {

/// A key store that counts its reads, and before which something may happen between a read and its answer.
class WatchedKeys final : public store::KeyStore {
 public:
  explicit WatchedKeys(store::KeyStore& store) : store_(store) {}

  std::function<void()> after_read;
  bool slow = false;  ///< Others come while a key is read.
  unsigned reads = 0;
  std::vector<std::pair<std::string, UnixMillis>> touched;
  Status touch_outcome = Done{};
  std::size_t largest_list = 0;  ///< The most keys that were asked for at once.

  Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) override {
    ++reads;
    auto record = co_await store_.key_by_hash(hash);
    if (slow) co_await yield();
    if (after_read) std::exchange(after_read, nullptr)();
    co_return record;
  }
  Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) override {
    touched = std::move(last_used);
    co_return touch_outcome;
  }
  Task<Status> create_key(auth::KeyRecord record) override { return store_.create_key(std::move(record)); }
  Task<Result<auth::KeyRecord>> update_key(std::string key_id, store::KeyChange change) override {
    return store_.update_key(std::move(key_id), std::move(change));
  }
  Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) override {
    return store_.key_by_id(std::move(key_id));
  }
  Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id, std::string after_key_id,
                                                       std::size_t limit) override {
    largest_list = std::max(largest_list, limit);
    return store_.list_keys(std::move(user_id), std::move(after_key_id), limit);
  }
  Task<Result<std::string>> shared_secret() override { return store_.shared_secret(); }

 private:
  store::KeyStore& store_;
};

}  // namespace triggers::api
