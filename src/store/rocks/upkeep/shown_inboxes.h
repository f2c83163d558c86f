#pragma once

// Chooses the inboxes that the metrics show one by one. They are counted in inbox_census.h.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/inbox_figures.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

/// The inboxes that are shown: all, if there are at most shown_max. Otherwise every tenant has its fullest inbox shown
/// before any tenant has a second one, and so on; among inboxes of the same rank, the fullest are shown. So a tenant
/// cannot displace others with many inboxes. Each choice stays for a while, because every change makes new time series.
///
/// One thread.
class ShownInboxes {
 public:
  static constexpr std::size_t shown_max = 100;
  static constexpr std::chrono::seconds choice_lasts{60};

  /// What `state` and `name` refer to lives until take().
  struct Candidate {
    const InboxState* state = nullptr;
    std::string_view name;
    inbox::Counts counts{};
    std::optional<UnixMillis> oldest_available{};
  };

  /// Begins a new round, for which `now` is not less than for the one before.
  void begin(std::chrono::steady_clock::time_point now);
  /// All inboxes of one tenant, once in a round.
  void offer(std::vector<Candidate>& inboxes);
  /// Ends the round.
  [[nodiscard]] std::vector<InboxFigures> take();

 private:
  struct Ranked {
    std::size_t rank = 0;  ///< Of the inbox among those of its tenant.
    Candidate candidate{};
  };
  /// True if `a` is shown rather than `b`.
  static bool is_before(const Ranked& a, const Ranked& b);
  void offer_ranked(const Ranked& ranked);

  std::chrono::steady_clock::time_point now_{}, chosen_at_{};
  bool keeps_choice_ = false;  ///< In this round.
  std::size_t offered_ = 0;
  std::vector<Ranked> best_;  ///< A heap, the worst in front.
  /// The choice, if there were more inboxes than are shown. Only compared, because an inbox may be gone.
  std::unordered_set<const InboxState*> chosen_;
};

}  // namespace triggers::store
