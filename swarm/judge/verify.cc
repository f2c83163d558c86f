#include "swarm/judge/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "event/event.h"
#include "event/members.h"
#include "net/tls_client.h"
#include "swarm/judge/stored_event.h"
#include "swarm/load/blocking_client.h"

namespace triggers::swarm {
namespace {

constexpr std::size_t page_events = 200;
constexpr std::size_t share_events = 64;  // that a thread takes at once

struct Page {
  std::vector<StoredDigest> events;
  std::string next_cursor;
  bool has_more = false;
};

std::string_view member(const std::vector<event::Member>& members, std::string_view name) {
  for (const auto& one : members) {
    if (one.name == name) return one.value;
  }
  return {};
}

std::optional<Page> read_page(std::string_view json) {
  const auto members = event::split_object(json);
  if (!members) return std::nullopt;
  const auto pagination = event::split_object(member(*members, "pagination"));
  auto split = event::split_array(member(*members, "events"), {});
  const auto* const elements = std::get_if<event::BatchElements>(&split);
  if (!pagination || elements == nullptr) return std::nullopt;
  Page page;
  for (const std::string_view element : elements->elements) {
    const auto stored = read_stored_event(element);
    if (!stored) return std::nullopt;
    page.events.push_back(*stored);
  }
  page.has_more = member(*pagination, "has_more") == "true";
  const std::string_view cursor = member(*pagination, "next_cursor");
  if (page.has_more && cursor.size() < 3) return std::nullopt;
  if (page.has_more) page.next_cursor = cursor.substr(1, cursor.size() - 2);
  return page;
}

Error not_an_answer(std::string_view path, const BlockingClient::Reply& reply) {
  return Error{ErrorCode::unavailable,
               fmt::format("GET {} was answered {}: {}", path, reply.status, reply.body.substr(0, 300))};
}

class Verifier {
 public:
  Verifier(Promises promises, const Target& target, const VerifyOptions& options,
           std::unique_ptr<net::TlsClientContext> tls)
      : promises_(std::move(promises)), target_(target), options_(options), tls_(std::move(tls)) {}

  Result<Verification> run() {
    collect_contents();
    for (std::size_t i = 0; i < options_.api_keys.size(); ++i) {
      if (auto drained = read_inbox(options_.api_keys[i], static_cast<std::uint8_t>(i + 1)); !drained) {
        return std::move(drained).error();
      }
    }
    if (auto looked = look_at_the_rest(); !looked) return std::move(looked).error();
    for (const Uuid7& id : promises_.changed) result_.changed.add(id.text());
    for (const Promise& one : promises_.by_id) {
      result_.accepted += one.accepted ? 1U : 0U;
      result_.acknowledged += one.accepted && one.acknowledged ? 1U : 0U;
    }
    result_.broken_lines = promises_.broken_lines;
    return std::move(result_);
  }

 private:
  BlockingClient client(const std::string& key) const {
    return BlockingClient{target_, tls_.get(), key, request_timeout_};
  }

  /// The contents that were accepted, to know a second copy of one.
  void collect_contents() {
    for (const Promise& one : promises_.by_id) {
      if (one.has_digest) accepted_contents_.push_back(one.digest);
    }
    std::sort(accepted_contents_.begin(), accepted_contents_.end());
  }

  [[nodiscard]] bool time_is_over() const { return std::chrono::steady_clock::now() >= deadline_; }

  [[nodiscard]] Error took_too_long() const {
    return Error{ErrorCode::unavailable, fmt::format("the time is over after {} s; --run-time sets it",
                                                     std::chrono::duration<double>(options_.time_max).count())};
  }

  /// Null if an inbox may go on after so many pages in a row, and so long, without news.
  [[nodiscard]] std::optional<Error> beyond_limits(std::size_t stale_pages, std::chrono::nanoseconds stale_time) const {
    if (stale_pages >= options_.stale_pages_max && stale_time >= options_.stale_time_max) {
      return Error{ErrorCode::unavailable,
                   fmt::format("the inbox does not end: {} pages of GET /inbox in a row, over {:.0f} s, brought no new "
                               "event, and each names a next one",
                               stale_pages, std::chrono::duration<double>(stale_time).count())};
    }
    if (strangers_.size() > options_.extra_events_max) {
      return Error{ErrorCode::unavailable,
                   fmt::format("GET /inbox has brought more than {} events that the journal does not have",
                               options_.extra_events_max)};
    }
    return std::nullopt;
  }

  Status read_inbox(const std::string& key, std::uint8_t round) {
    BlockingClient asker = client(key);
    std::string path = fmt::format("/inbox?limit={}", page_events);
    std::size_t stale_pages = 0;
    auto last_news = std::chrono::steady_clock::now();
    for (;;) {
      if (time_is_over()) return took_too_long();
      auto reply = asker.ask(http::Method::get, path);
      if (!reply) return std::move(reply).error();
      const auto page = reply->status == 200 ? read_page(reply->body) : std::nullopt;
      if (!page) return not_an_answer(path, *reply);
      if (page->events.size() > page_events) {
        return Error{ErrorCode::unavailable,
                     fmt::format("GET {} was answered with {} events", path, page->events.size())};
      }
      bool brought_news = false;
      for (const StoredDigest& one : page->events) brought_news = judge_pending(one, round) || brought_news;
      if (!page->has_more) return Done{};
      const auto now = std::chrono::steady_clock::now();
      stale_pages = brought_news ? 0 : stale_pages + 1;
      if (brought_news) last_news = now;
      if (auto error = beyond_limits(stale_pages, now - last_news)) return std::move(*error);
      auto next = fmt::format("/inbox?limit={}&cursor={}", page_events, page->next_cursor);
      if (next == path) return Error{ErrorCode::unavailable, fmt::format("GET {} leads to itself", path)};
      path = std::move(next);
    }
  }

  /// False if this reading of the inbox has shown the event before.
  bool judge_pending(const StoredDigest& stored, std::uint8_t round) {
    Promise* const promise = promises_.find(stored.id);
    if (promise == nullptr || !promise->accepted) return judge_stranger(stored, promise, round);
    const bool shown_before = promise->seen == round;
    if (shown_before) result_.doubled.add(stored.id.text());
    const bool first = promise->seen == 0;
    promise->seen = round;
    if (!first) return !shown_before;  // another key of the same tenant
    if (promise->has_digest && promise->digest != stored.digest) result_.changed.add(stored.id.text());
    if (promise->acknowledged) {
      result_.returned.add(stored.id.text());
    } else {
      ++result_.undelivered;
    }
    return true;
  }

  /// In the inbox under an id that the journal does not have as accepted; `promise` is null if it does not have it at
  /// all. False if this reading has shown it before.
  bool judge_stranger(const StoredDigest& stored, const Promise* promise, std::uint8_t round) {
    const auto at = std::lower_bound(strangers_.begin(), strangers_.end(), stored.id,
                                     [](const Stranger& one, const Uuid7& id) { return one.id < id; });
    if (at != strangers_.end() && at->id == stored.id) {
      const bool shown_before = at->seen == round;
      if (shown_before) result_.doubled.add(stored.id.text());
      at->seen = round;
      return !shown_before;  // else another key of the same tenant
    }
    strangers_.insert(at, {.id = stored.id, .seen = round});
    explain_stranger(stored, promise);
    return true;
  }

  void explain_stranger(const StoredDigest& stored, const Promise* promise) {
    if (promise != nullptr && promise->acknowledged) return result_.returned.add(stored.id.text());
    const auto unknown = std::lower_bound(promises_.unknown.begin(), promises_.unknown.end(), stored.digest);
    if (unknown != promises_.unknown.end() && *unknown == stored.digest) {
      promises_.unknown.erase(unknown);  // explains one
      ++result_.explained;
    } else if (std::binary_search(accepted_contents_.begin(), accepted_contents_.end(), stored.digest)) {
      result_.doubled.add(stored.id.text());
    } else {
      ++result_.foreign;
      if (options_.exclusive) result_.unexpected.add(stored.id.text());
    }
  }

  Status look_at_the_rest() {
    std::vector<std::jthread> threads;  // Joined also if the next one cannot be started.
    threads.reserve(options_.threads);
    for (std::size_t i = 0; i < options_.threads; ++i) threads.emplace_back([this] { look_at_shares(); });
    for (auto& thread : threads) thread.join();
    if (failure_) return *failure_;
    return Done{};
  }

  void look_at_shares() {
    std::vector<BlockingClient*> askers;
    std::vector<std::unique_ptr<BlockingClient>> owned;
    for (const std::string& key : options_.api_keys) {
      owned.push_back(std::make_unique<BlockingClient>(target_, tls_.get(), key, request_timeout_));
      askers.push_back(owned.back().get());
    }
    for (;;) {
      const std::size_t from = next_.fetch_add(share_events);
      if (from >= promises_.by_id.size()) return;
      const std::size_t to = std::min(from + share_events, promises_.by_id.size());
      for (std::size_t i = from; i < to; ++i) {
        const Promise& one = promises_.by_id[i];
        if (!one.accepted || one.seen != 0) continue;
        if (!look_at(one, askers)) return;
      }
    }
  }

  /// Ends the looks of all threads; false.
  bool give_up(Error why) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(why);
    next_ = promises_.by_id.size();
    return false;
  }

  /// An accepted event that is in no inbox. False if the service does not answer.
  bool look_at(const Promise& promise, const std::vector<BlockingClient*>& askers) {
    if (time_is_over()) return give_up(took_too_long());
    const std::string id = promise.id.text();
    const std::string path = "/events/" + id;
    for (BlockingClient* const asker : askers) {
      auto reply = asker->ask(http::Method::get, path);
      if (reply && reply->status == 404) continue;
      const auto stored = reply && reply->status == 200 ? read_stored_event(reply->body) : std::nullopt;
      if (!stored) return give_up(reply ? not_an_answer(path, *reply) : std::move(reply).error());
      const std::lock_guard lock(mutex_);
      judge_delivered(promise, *stored, id);
      return true;
    }
    const std::lock_guard lock(mutex_);
    if (may_have_expired(promise)) {
      ++result_.expired;
    } else {
      result_.missing.add(id);
    }
    return true;
  }

  /// An event expires so long after its acknowledgement, which came after its id was given.
  [[nodiscard]] bool may_have_expired(const Promise& promise) const {
    return promise.maybe_acknowledged && promise.id.time() + options_.retention <= options_.now;
  }

  void judge_delivered(const Promise& promise, const StoredDigest& stored, const std::string& id) {
    if (stored.id != promise.id || (promise.has_digest && stored.digest != promise.digest)) result_.changed.add(id);
    if (!stored.delivered.value_or(false)) {
      result_.lost.add(id);
    } else if (!promise.acknowledged && !promise.maybe_acknowledged) {
      ++result_.taken;
      if (options_.exclusive) result_.unexpected.add(id);
    }
  }

  struct Stranger {
    Uuid7 id;
    std::uint8_t seen;  // the last key that saw it
  };

  Promises promises_;
  const Target& target_;
  const VerifyOptions& options_;
  std::unique_ptr<net::TlsClientContext> tls_;
  const std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + options_.time_max;
  const std::chrono::nanoseconds request_timeout_ =
      std::min<std::chrono::nanoseconds>(options_.request_timeout, options_.time_max);
  std::vector<Digest> accepted_contents_;  // sorted
  std::vector<Stranger> strangers_;        // sorted by id
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  Verification result_;           // guarded by mutex_ while there are threads
  std::optional<Error> failure_;  // guarded by mutex_
};

}  // namespace

void Verification::Findings::add(const std::string& id) {
  ++count;
  if (ids.size() < listed_max) ids.push_back(id);
}

bool Verification::clean() const noexcept {
  return missing.count + lost.count + doubled.count + changed.count + returned.count + unexpected.count == 0;
}

Result<Verification> verify(Promises promises, const Target& target, const VerifyOptions& options) {
  if (options.api_keys.empty() || options.api_keys.size() > 255) {
    return Error{ErrorCode::invalid_argument, "LOCUST_API_KEY must hold 1 to 255 keys of the tenants to verify"};
  }
  if (std::none_of(promises.by_id.begin(), promises.by_id.end(), [](const Promise& one) { return one.accepted; })) {
    return Error{ErrorCode::invalid_argument, "the journal holds no accepted event: there is nothing to verify"};
  }
  std::unique_ptr<net::TlsClientContext> tls;
  if (target.tls) {
    auto context = net::TlsClientContext::create(options.ca_file, options.verify_tls);
    if (!context) return std::move(context).error();
    tls = std::move(*context);
  }
  return Verifier{std::move(promises), target, options, std::move(tls)}.run();
}

}  // namespace triggers::swarm
