#include "store/rocks/upkeep/shown_inboxes.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace triggers::store {
namespace {

std::uint64_t entries_of(const ShownInboxes::Candidate& candidate) {
  return candidate.counts.undelivered() + candidate.counts.dead;
}

bool is_fuller(const ShownInboxes::Candidate& a, const ShownInboxes::Candidate& b) {
  const auto a_entries = entries_of(a), b_entries = entries_of(b);
  if (a_entries != b_entries) return a_entries > b_entries;
  return std::tie(a.state->tenant(), a.name) < std::tie(b.state->tenant(), b.name);
}

}  // namespace

bool ShownInboxes::is_before(const Ranked& a, const Ranked& b) {
  return a.rank != b.rank ? a.rank < b.rank : is_fuller(a.candidate, b.candidate);
}

void ShownInboxes::begin(std::chrono::steady_clock::time_point now) {
  now_ = now;
  keeps_choice_ = !chosen_.empty() && now - chosen_at_ < choice_lasts;
  offered_ = 0;
  best_.clear();
}

void ShownInboxes::offer(std::vector<Candidate>& inboxes) {
  offered_ += inboxes.size();
  if (keeps_choice_) {
    for (const Candidate& one : inboxes) {
      if (chosen_.contains(one.state)) offer_ranked({0, one});
    }
    return;
  }
  std::ranges::sort(inboxes, is_fuller);
  for (std::size_t rank = 0; rank < inboxes.size(); ++rank) offer_ranked({rank, inboxes[rank]});
}

void ShownInboxes::offer_ranked(const Ranked& ranked) {
  if (best_.size() == shown_max) {
    if (!is_before(ranked, best_.front())) return;
    std::ranges::pop_heap(best_, is_before);
    best_.pop_back();
  }
  best_.push_back(ranked);
  std::ranges::push_heap(best_, is_before);
}

std::vector<InboxFigures> ShownInboxes::take() {
  const bool all = offered_ <= shown_max;
  if (all) {
    chosen_.clear();
  } else if (!keeps_choice_) {
    chosen_.clear();
    for (const Ranked& one : best_) chosen_.insert(one.candidate.state);
    chosen_at_ = now_;
  }
  std::vector<InboxFigures> shown;
  shown.reserve(best_.size());
  for (const auto& [rank, one] : best_) {
    shown.push_back({one.state->tenant(), std::string(one.name), one.counts, one.oldest_available});
  }
  best_.clear();
  std::ranges::sort(shown, {}, [](const InboxFigures& one) { return std::tie(one.tenant, one.inbox); });
  return shown;
}

}  // namespace triggers::store
