#include "swarm/script/request_batch.h"

#include <utility>

#include "base/invariant.h"

namespace triggers::swarm {

using std::chrono::steady_clock;

void RequestBatch::cut_off() {
  if (under_way_ == 0) return;
  under_way_ = 0;
  for (const auto& lane : lanes_) {
    if (!std::exchange(lane->under_way, false)) continue;
    lane->connection.abandon();
    context_.recorder().record_cut_off(*lane->request.name, lane->sent, steady_clock::now());
  }
}

void RequestBatch::clear() {
  INVARIANT(under_way_ == 0, "%zu requests of a batch are under way when the next begins", under_way_);
  for (const auto& lane : lanes_) lane->response.reset();
  used_ = 0;
}

std::string& RequestBatch::add() {
  INVARIANT(used_ < requests_max);
  if (used_ == lanes_.size()) lanes_.push_back(std::make_unique<Lane>(*this));
  Lane& lane = *lanes_[used_++];
  lane.request = {};
  return lane.connection.request();
}

Response* RequestBatch::answer(std::size_t number) noexcept {
  if (number >= used_ || !lanes_[number]->response) return nullptr;
  return &*lanes_[number]->response;
}

void RequestBatch::send(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  under_way_ = used_;
  for (std::size_t i = 0; i < used_; ++i) {
    Lane& lane = *lanes_[i];
    context_.count_request();
    lane.sent = context_.take_due();
    lane.under_way = true;
    lane.connection.send(lane, lane.request.timeout);
  }
}

void RequestBatch::finished(Lane& lane, std::string_view error) {
  lane.under_way = false;
  if (error.empty()) lane.connection.keep_response();
  lane.response.emplace(context_, lane.connection, *lane.request.name, lane.sent, std::string{error});
  if (--under_way_ == 0) std::exchange(waiting_, nullptr).resume();
}

}  // namespace triggers::swarm
