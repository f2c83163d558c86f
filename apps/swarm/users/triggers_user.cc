#include "triggers_user.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <optional>

#include "swarm/load/api_keys.h"
#include "swarm/verify/journal.h"

using namespace triggers;
using namespace triggers::swarm;

namespace {

constexpr std::size_t remembered_ids_max = 1000;
constexpr std::string_view event_source = "swarm";
constexpr std::string_view authentication_reason = "authentication_failures";

const RequestName post_events{"POST", "POST /events"};

const Result<std::vector<std::string>>& keys() {
  static const auto all = api_keys_in_environment();
  return all;
}

/// Whether the service has accepted this key in this process.
std::atomic<bool>& has_worked(std::size_t key) {
  static std::deque<std::atomic<bool>> all(keys()->size());
  return all[key];
}

/// A text from the response for a message: truncated, without control characters.
std::string quoted(std::string_view text) {
  constexpr std::size_t bytes_max = 100;
  std::string out{text.substr(0, bytes_max)};
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return out;
}

/// An id becomes part of a path and of the journal, so only the characters of ids are allowed.
bool is_id(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  const auto of_an_id = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), of_an_id);
}

/// The text of a string member; nothing if it is missing. Enough for the API's ids and codes, which need no escapes.
std::optional<std::string_view> text_member(std::string_view json, std::string_view name) {
  const auto at = json.find(fmt::format("\"{}\":\"", name));
  if (at == std::string_view::npos) return std::nullopt;
  const auto from = at + name.size() + 4;
  const auto to = json.find('"', from);
  if (to == std::string_view::npos) return std::nullopt;
  return json.substr(from, to - from);
}

/// Records a posted event in the journal. Unless the result is reported, the destructor records it as unknown, also
/// when the user is stopped before the response.
class JournaledPost {
 public:
  JournaledPost(Journal* journal, const SentEvent& event) : journal_(journal), event_(event) {}
  JournaledPost(const JournaledPost&) = delete;
  JournaledPost& operator=(const JournaledPost&) = delete;
  ~JournaledPost() {
    if (journal_ != nullptr) journal_->unknown(event_);
  }
  /// The service did not accept the event.
  void refused() { journal_ = nullptr; }
  void accepted(std::string_view event_id, bool duplicate) {
    if (journal_ != nullptr) std::exchange(journal_, nullptr)->accepted(event_id, event_, duplicate);
  }

 private:
  Journal* journal_;
  SentEvent event_;
};

std::string payload_of_its_own(Random& random) {
  const auto a = random();
  const auto b = random();
  return fmt::format(R"({{"id":"{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}","amount":{}.{:02},"currency":"EUR"}})", a >> 32,
                     a >> 16 & 0xffff, a & 0xfff, 0x8000 | (b >> 48 & 0x3fff), b & 0xffff'ffff'ffff,
                     1 + random.index(999), random.index(100));
}

}  // namespace

Status TriggersUser::needs_key() {
  if (!keys()) return keys().error();
  if (!keys()->empty()) return Done{};
  return Error{ErrorCode::invalid_argument,
               "LOCUST_API_KEY is not set, nor is TRIGGERS_API_KEY: make a key with\n"
               "  triggers keys create --user-id load-test --role creator --rate-limit unlimited\n"
               "and export LOCUST_API_KEY=<the key that it prints>"};
}

TriggersUser::TriggersUser(UserContext& from) : User(from), key_(from.number() % keys()->size()) {
  add_header("Authorization", "Bearer " + keys()->at(key_));
}

Task<void> TriggersUser::send_event() {
  static constexpr std::array<std::string_view, 4> types{"order.created", "order.paid", "user.signed_up",
                                                         "invoice.sent"};
  const std::string_view type = types[random().index(types.size())];
  const std::string payload = payload_of_its_own(random());
  const std::string json =
      fmt::format(R"({{"event_type":"{}","payload":{},"source":"{}"}})", type, payload, event_source);
  JournaledPost journaled{context().journal(), {.event_type = type, .payload = payload, .source = event_source}};
  Response response = co_await post(post_events, "/events", json);
  if (!expect(response, 201)) {
    if (response.status() != 0 && response.status() < 500) journaled.refused();
    co_return;
  }
  const auto id = text_member(response.body(), "event_id");
  if (!id || !is_id(*id)) {
    response.failure("201 without an event_id");
    co_return;
  }
  const bool duplicate = !response.header("Idempotent-Replayed").empty();
  if (!duplicate) response.accepted(1);
  journaled.accepted(*id, duplicate);
  event_ids_.emplace_back(*id);
  if (event_ids_.size() > remembered_ids_max) event_ids_.pop_front();
}

bool TriggersUser::expect(Response& response, unsigned status, bool with_key) {
  if (response.status() == status) {
    std::atomic<bool>& worked = has_worked(key_);
    if (with_key && !worked.load(std::memory_order_relaxed)) worked.store(true, std::memory_order_relaxed);
    return true;
  }
  const std::string code = quoted(text_member(response.body(), "error_code").value_or("not an answer of the API"));
  const auto reason = text_member(response.body(), "reason");
  const std::string said = fmt::format("{} instead of {}: {}{}", response.status(), status, code,
                                       reason ? " (" + quoted(*reason) + ")" : "");
  response.failure(said);
  const bool refused = response.status() == 401 || response.status() == 403 ||
                       (response.status() == 429 && reason == authentication_reason);
  if (refused && !has_worked(key_).load(std::memory_order_relaxed)) tell_refused_key(said);
  return false;
}

/// The key has never worked, so this would not be a load test.
void TriggersUser::tell_refused_key(const std::string& said) {
  constexpr std::size_t key_characters = 64;
  StartWatch* const start = context().connections().start;
  if (start == nullptr) return;
  const std::string& key = keys()->at(key_);
  std::string which = api_key_variable();
  if (keys()->size() > 1) which = fmt::format("{} (number {} of {})", which, key_ + 1, keys()->size());
  const std::string length =
      key.size() == key_characters ? "" : fmt::format("; it has {} characters, and a key has 64", key.size());
  start->refused(
      fmt::format("the service refuses the API key in {}: {}{}. Make one with triggers keys create "
                  "--user-id load-test --role creator --rate-limit unlimited",
                  which, said, length));
}
