#include "swarm/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "base/thread_name.h"
#include "net/tls_client.h"
#include "swarm/load/blocking_client.h"
#include "swarm/verify/inbox_check.h"
#include "swarm/verify/lease_check.h"
#include "swarm/verify/service_json.h"

namespace triggers::swarm {
namespace {

constexpr std::size_t page_events = 200;
constexpr std::size_t events_per_share = 64;  // a thread takes this many at a time

Error unexpected_response(std::string_view path, const BlockingClient::Reply& reply) {
  return Error{ErrorCode::unavailable,
               fmt::format("GET {} returned {}: {}", path, reply.status, reply.body.substr(0, 300))};
}

class Verifier {
 public:
  Verifier(JournalContents journal, const Target& target, const VerifyOptions& options,
           std::unique_ptr<net::TlsClientContext> tls)
      : journal_(std::move(journal)), target_(target), options_(options), tls_(std::move(tls)) {}

  Result<Verification> run() {
    collect_accepted_digests();
    for (std::size_t i = 0; i < options_.api_keys.size(); ++i) {
      if (auto read = read_inbox(options_.api_keys[i], static_cast<std::uint8_t>(i + 1)); !read) {
        return std::move(read).error();
      }
    }
    if (auto checked = check_events_outside_inboxes(); !checked) return std::move(checked).error();
    if (auto checked = check_inboxes_of_leases(); !checked) return std::move(checked).error();
    if (auto settled = settle_absent(); !settled) return std::move(settled).error();
    const MutexLock lock(mutex_);
    for (const Uuid7& id : journal_.changed) result_.changed.add(id.text());
    for (const JournaledEvent& one : journal_.events) {
      result_.accepted += one.accepted ? 1U : 0U;
      result_.acknowledged += one.accepted && one.acknowledged ? 1U : 0U;
    }
    result_.broken_lines = journal_.broken_lines;
    return std::move(result_);
  }

 private:
  [[nodiscard]] BlockingClient client_for(const std::string& key) const {
    return BlockingClient{target_, tls_.get(), key, request_timeout_};
  }

  /// To recognize a second copy of an accepted event.
  void collect_accepted_digests() {
    for (const JournaledEvent& one : journal_.events) {
      if (one.has_digest) accepted_digests_.push_back(one.digest);
    }
    std::sort(accepted_digests_.begin(), accepted_digests_.end());
  }

  [[nodiscard]] bool out_of_time() const { return std::chrono::steady_clock::now() >= deadline_; }

  [[nodiscard]] Error out_of_time_error() const {
    return Error{ErrorCode::unavailable,
                 fmt::format("the verification was not finished after {} s; --run-time sets this limit",
                             std::chrono::duration<double>(options_.time_max).count())};
  }

  /// Nothing if reading may go on after this many pages in a row, and this long, without a new event.
  [[nodiscard]] std::optional<Error> exceeded_limit(std::size_t pages_without_news,
                                                    std::chrono::nanoseconds stale_time) const {
    if (pages_without_news >= options_.stale_pages_max && stale_time >= options_.stale_time_max) {
      return Error{ErrorCode::unavailable,
                   fmt::format("the inbox does not end: {} pages of GET /inbox in a row, over {:.0f} s, had no new "
                               "event, and each names a next page",
                               pages_without_news, std::chrono::duration<double>(stale_time).count())};
    }
    if (unjournaled_.size() > options_.extra_events_max) {
      return Error{ErrorCode::unavailable,
                   fmt::format("GET /inbox returned more than {} events that are not in the journal",
                               options_.extra_events_max)};
    }
    return std::nullopt;
  }

  Status read_inbox(const std::string& key, std::uint8_t key_number) {
    BlockingClient client = client_for(key);
    std::string path = fmt::format("/inbox?limit={}", page_events);
    std::size_t pages_without_news = 0;
    auto last_new_event = std::chrono::steady_clock::now();
    for (;;) {
      if (out_of_time()) return out_of_time_error();
      auto reply = client.ask(http::Method::get, path);
      if (!reply) return std::move(reply).error();
      const auto page = reply->status == 200 ? read_inbox_page(reply->body) : std::nullopt;
      if (!page) return unexpected_response(path, *reply);
      if (page->events.size() > page_events) {
        return Error{ErrorCode::unavailable,
                     fmt::format("GET {} was answered with {} events", path, page->events.size())};
      }
      bool any_new = false;
      {
        const MutexLock lock(mutex_);
        for (const StoredEvent& one : page->events) any_new = compare_pending(one, key_number) || any_new;
      }
      if (page->next_cursor.empty()) return Done{};
      const auto now = std::chrono::steady_clock::now();
      pages_without_news = any_new ? 0 : pages_without_news + 1;
      if (any_new) last_new_event = now;
      if (auto error = exceeded_limit(pages_without_news, now - last_new_event)) return std::move(*error);
      auto next = fmt::format("/inbox?limit={}&cursor={}", page_events, page->next_cursor);
      if (next == path) return Error{ErrorCode::unavailable, fmt::format("GET {} names itself as the next page", path)};
      path = std::move(next);
    }
  }

  /// False if this key's inbox has already listed the event.
  bool compare_pending(const StoredEvent& stored, std::uint8_t key_number) REQUIRES(mutex_) {
    JournaledEvent* const journaled = journal_.find(stored.id);
    if (journaled == nullptr || !journaled->accepted) return compare_unjournaled(stored, journaled, key_number);
    const bool already_listed = journaled->seen_by_key == key_number;
    if (already_listed) result_.doubled.add(stored.id.text());
    const bool first = journaled->seen_by_key == 0;
    journaled->seen_by_key = key_number;
    if (!first) return !already_listed;  // another key of the same tenant
    if (journaled->has_digest && journaled->digest != stored.digest) result_.changed.add(stored.id.text());
    if (journaled->acknowledged) {
      result_.returned.add(stored.id.text());
    } else {
      ++result_.pending;
    }
    return true;
  }

  /// For an event in the inbox that the journal does not list as accepted. `journaled` is null if the journal does not
  /// list it at all. False if this key's inbox has already listed the event.
  bool compare_unjournaled(const StoredEvent& stored, const JournaledEvent* journaled, std::uint8_t key_number)
      REQUIRES(mutex_) {
    const auto at = std::lower_bound(unjournaled_.begin(), unjournaled_.end(), stored.id,
                                     [](const UnjournaledEvent& one, const Uuid7& id) { return one.id < id; });
    if (at != unjournaled_.end() && at->id == stored.id) {
      const bool already_listed = at->seen_by_key == key_number;
      if (already_listed) result_.doubled.add(stored.id.text());
      at->seen_by_key = key_number;
      return !already_listed;  // else another key of the same tenant
    }
    unjournaled_.insert(at, {.id = stored.id, .seen_by_key = key_number});
    classify_unjournaled(stored, journaled);
    return true;
  }

  void classify_unjournaled(const StoredEvent& stored, const JournaledEvent* journaled) REQUIRES(mutex_) {
    if (journaled != nullptr && journaled->acknowledged) return result_.returned.add(stored.id.text());
    const auto unknown = std::lower_bound(journal_.unknown.begin(), journal_.unknown.end(), stored.digest);
    if (unknown != journal_.unknown.end() && *unknown == stored.digest) {
      journal_.unknown.erase(unknown);  // one request with an unknown outcome explains one event
      ++result_.explained;
    } else if (std::binary_search(accepted_digests_.begin(), accepted_digests_.end(), stored.digest)) {
      result_.doubled.add(stored.id.text());
    } else {
      ++result_.foreign;
      if (options_.exclusive) result_.unexpected.add(stored.id.text());
    }
  }

  Status check_events_outside_inboxes() {
    std::vector<std::jthread> threads;  // Joined also if the next one cannot be started.
    threads.reserve(options_.threads);
    for (std::size_t i = 0; i < options_.threads; ++i) {
      threads.emplace_back([this, i] {
        name_thread("verify", i);
        check_shares();
      });
    }
    for (auto& thread : threads) thread.join();
    const MutexLock lock(mutex_);
    if (failure_) return *failure_;
    return Done{};
  }

  /// One client for each key.
  struct Clients {
    std::vector<std::unique_ptr<BlockingClient>> owned;
    std::vector<BlockingClient*> all;
  };
  [[nodiscard]] Clients make_clients() const {
    Clients clients;
    for (const std::string& key : options_.api_keys) {
      clients.owned.push_back(std::make_unique<BlockingClient>(target_, tls_.get(), key, request_timeout_));
      clients.all.push_back(clients.owned.back().get());
    }
    return clients;
  }

  [[nodiscard]] ListingLimits listing_limits() const {
    return {.deadline = deadline_,
            .entries_max = options_.extra_events_max + journal_.events.size() + journal_.leases.leases.size(),
            .empty_pages_max = options_.stale_pages_max};
  }

  /// The journal's leases among themselves, and compared with the inboxes that they are of.
  Status check_inboxes_of_leases() {
    const LeaseFaults faults = check_leases(journal_.leases);
    const Clients clients = make_clients();
    const auto listed = check_inboxes(journal_.leases, clients.all, listing_limits());
    if (!listed) return listed.error();
    const MutexLock lock(mutex_);
    result_.leased = journal_.leases.leases.size();
    result_.dead = listed->dead;
    result_.cut_short = faults.cut_short;
    result_.lost_leases = faults.early.size();
    result_.overlapping.add(faults.overlapping);
    result_.repeated.add(faults.repeated);
    result_.repeated.add(listed->repeated);
    result_.late.add(faults.late);
    result_.returned.add(faults.returned);
    result_.returned.add(listed->returned);
    result_.lost.add(listed->lost);
    result_.doubled.add(listed->doubled);
    if (options_.exclusive) result_.unexpected.add(faults.early);
    return Done{};
  }

  /// An unacknowledged event that GET /inbox does not list is lost, unless it is dead.
  Status settle_absent() {
    const MutexLock lock(mutex_);
    if (absent_.empty()) return Done{};
    const Clients clients = make_clients();
    std::vector<Uuid7> dead;
    for (BlockingClient* const client : clients.all) {
      auto listed = read_entries(*client, "default", "dead", listing_limits());
      if (!listed) return std::move(listed).error();
      if (!*listed) continue;  // a service without these paths has no dead entries
      for (const ListedEntry& one : **listed) dead.push_back(one.id);
    }
    std::sort(dead.begin(), dead.end());
    std::sort(absent_.begin(), absent_.end());
    for (const Uuid7& id : absent_) {
      if (!std::binary_search(dead.begin(), dead.end(), id)) result_.lost.add(id.text());
    }
    return Done{};
  }

  void check_shares() {
    const Clients owned = make_clients();
    const std::vector<BlockingClient*>& clients = owned.all;
    for (;;) {
      const std::size_t from = next_.fetch_add(events_per_share);
      if (from >= journal_.events.size()) return;
      const std::size_t to = std::min(from + events_per_share, journal_.events.size());
      for (std::size_t i = from; i < to; ++i) {
        const JournaledEvent& one = journal_.events[i];
        if (!one.accepted || one.seen_by_key != 0) continue;
        if (!check_event(one, clients)) return;
      }
    }
  }

  /// Stops all threads. Returns false.
  bool fail(Error why) {
    const MutexLock lock(mutex_);
    failure_ = std::move(why);
    next_ = journal_.events.size();
    return false;
  }

  /// For an accepted event that is in no inbox. False if the service does not answer.
  bool check_event(const JournaledEvent& journaled, const std::vector<BlockingClient*>& clients) {
    if (out_of_time()) return fail(out_of_time_error());
    const std::string id = journaled.id.text();
    const std::string path = "/events/" + id;
    for (BlockingClient* const client : clients) {
      auto reply = client->ask(http::Method::get, path);
      if (reply && reply->status == 404) continue;
      const auto stored = reply && reply->status == 200 ? read_stored_event(reply->body) : std::nullopt;
      if (!stored) return fail(reply ? unexpected_response(path, *reply) : std::move(reply).error());
      const MutexLock lock(mutex_);
      compare_acknowledged(journaled, *stored, id);
      return true;
    }
    const MutexLock lock(mutex_);
    if (may_have_expired(journaled)) {
      ++result_.expired;
    } else {
      result_.missing.add(id);
    }
    return true;
  }

  /// Retention counts from the acknowledgement, which is later than the time in the id.
  [[nodiscard]] bool may_have_expired(const JournaledEvent& journaled) const {
    return journaled.maybe_acknowledged && journaled.id.time() + options_.retention <= options_.now;
  }

  void compare_acknowledged(const JournaledEvent& journaled, const StoredEvent& stored, const std::string& id)
      REQUIRES(mutex_) {
    if (stored.id != journaled.id || (journaled.has_digest && stored.digest != journaled.digest))
      result_.changed.add(id);
    if (!stored.acknowledged.value_or(false)) {
      absent_.push_back(journaled.id);
    } else if (!journaled.acknowledged && !journaled.maybe_acknowledged) {
      ++result_.taken;
      if (options_.exclusive) result_.unexpected.add(id);
    }
  }

  struct UnjournaledEvent {
    Uuid7 id;
    std::uint8_t seen_by_key;  // the last key whose inbox listed it
  };

  JournalContents journal_;
  const Target& target_;
  const VerifyOptions& options_;
  std::unique_ptr<net::TlsClientContext> tls_;
  const std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + options_.time_max;
  const std::chrono::nanoseconds request_timeout_ =
      std::min<std::chrono::nanoseconds>(options_.request_timeout, options_.time_max);
  std::vector<Digest> accepted_digests_;       // sorted
  std::vector<UnjournaledEvent> unjournaled_;  // sorted by id
  std::atomic<std::size_t> next_ = 0;
  Mutex mutex_;
  Verification result_ GUARDED_BY(mutex_);
  std::vector<Uuid7> absent_ GUARDED_BY(mutex_);  // unacknowledged, and not in GET /inbox
  std::optional<Error> failure_ GUARDED_BY(mutex_);
};

}  // namespace

void Verification::Findings::add(const std::string& id) {
  ++count;
  if (ids.size() < listed_max) ids.push_back(id);
}

void Verification::Findings::add(const std::vector<Uuid7>& events) {
  for (const Uuid7& id : events) add(id.text());
}

bool Verification::clean() const noexcept {
  return missing.count + lost.count + doubled.count + changed.count + returned.count + unexpected.count +
             overlapping.count + repeated.count + late.count ==
         0;
}

Result<Verification> verify(JournalContents journal, const Target& target, const VerifyOptions& options) {
  if (options.api_keys.empty() || options.api_keys.size() > 255) {
    return Error{ErrorCode::invalid_argument, "LOCUST_API_KEY must contain 1 to 255 keys, of the tenants to verify"};
  }
  if (journal.leases.leases.empty() && std::none_of(journal.events.begin(), journal.events.end(),
                                                    [](const JournaledEvent& one) { return one.accepted; })) {
    return Error{ErrorCode::invalid_argument,
                 "the journal has no accepted event and no lease: there is nothing to verify"};
  }
  std::unique_ptr<net::TlsClientContext> tls;
  if (target.tls) {
    auto context = net::TlsClientContext::create(options.ca_file, options.verify_tls);
    if (!context) return std::move(context).error();
    tls = std::move(*context);
  }
  return Verifier{std::move(journal), target, options, std::move(tls)}.run();
}

}  // namespace triggers::swarm
