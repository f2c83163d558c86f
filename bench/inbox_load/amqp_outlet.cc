#include "amqp_outlet.h"

#include <span>

namespace triggers::bench {

class AmqpOutlet::Worker final : private AmqpLink::Listener {
 public:
  Worker(AmqpOutlet& outlet, swarm::Reactor& reactor, const AmqpPlace& place) : outlet_(outlet), link_(reactor, place) {
    link_.consume(outlet.settings_.prefetch);
  }

  void start() { link_.start(*this); }
  void stop() { link_.stop(); }

  void acknowledge() {
    if (held_.empty()) return;
    link_.acknowledge_through(last_tag_);
    outlet_.listener_->acknowledged(held_);
    held_.clear();
  }

 private:
  void delivered(std::uint64_t tag, std::string_view body) override {
    const auto number = outlet_.text_.find(body);
    if (!number) return outlet_.listener_->failed("the broker delivered what this run did not send");
    held_.push_back(*number);
    last_tag_ = tag;
    outlet_.listener_->received(std::span{held_}.last(1));
    if (held_.size() >= outlet_.settings_.batch) acknowledge();
  }

  void drained() override {
    if (outlet_.settings_.partial_batches) acknowledge();
  }

  void failed(std::string_view why) override { outlet_.listener_->failed(why); }

  AmqpOutlet& outlet_;
  AmqpLink link_;
  std::vector<std::uint64_t> held_;
  std::uint64_t last_tag_ = 0;
};

AmqpOutlet::AmqpOutlet(swarm::Reactor& reactor, const AmqpPlace& place, const EventText& text, Settings settings)
    : text_(text), settings_(settings) {
  for (std::size_t i = 0; i < settings.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(*this, reactor, place));
  }
}

AmqpOutlet::~AmqpOutlet() = default;

void AmqpOutlet::start(Listener& listener) {
  listener_ = &listener;
  for (const auto& worker : workers_) worker->start();
}

void AmqpOutlet::drain() {
  settings_.partial_batches = true;
  for (const auto& worker : workers_) worker->acknowledge();
}

void AmqpOutlet::stop() {
  for (const auto& worker : workers_) worker->stop();
}

}  // namespace triggers::bench
