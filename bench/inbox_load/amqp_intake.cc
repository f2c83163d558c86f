#include "amqp_intake.h"

#include <deque>

namespace triggers::bench {

class AmqpIntake::Publisher final : private AmqpLink::Listener {
 public:
  Publisher(AmqpIntake& intake, swarm::Reactor& reactor, const AmqpPlace& place)
      : intake_(intake), link_(reactor, place) {
    link_.select_confirms();
  }

  void start() { link_.start(*this); }

  void publish(std::uint64_t number, std::string_view body) {
    published_.push_back({.number = number});
    link_.publish(body);
  }

 private:
  struct Published {
    std::uint64_t number = 0;
    bool confirmed = false;
  };

  void confirmed(std::uint64_t tag, bool through) override {
    if (tag < first_tag_ || tag >= first_tag_ + published_.size()) {
      return intake_.listener_->failed("the broker confirmed what was not published");
    }
    const std::size_t last = static_cast<std::size_t>(tag - first_tag_);
    for (std::size_t i = through ? 0 : last; i <= last; ++i) {
      if (published_[i].confirmed) continue;
      published_[i].confirmed = true;
      newly_.push_back(published_[i].number);
    }
    while (!published_.empty() && published_.front().confirmed) {
      published_.pop_front();
      ++first_tag_;
    }
    // The listener publishes again. So it is called only when the deque is in order.
    for (const std::uint64_t number : newly_) {
      --intake_.unconfirmed_;
      intake_.listener_->accepted(number);
    }
    newly_.clear();
  }

  void failed(std::string_view why) override { intake_.listener_->failed(why); }

  AmqpIntake& intake_;
  AmqpLink link_;
  std::deque<Published> published_;  // from the oldest that is not confirmed
  std::uint64_t first_tag_ = 1;      // of published_
  std::vector<std::uint64_t> newly_;
};

AmqpIntake::AmqpIntake(swarm::Reactor& reactor, const AmqpPlace& place, const EventText& text, std::size_t publishers,
                       std::size_t unconfirmed_max)
    : text_(text), unconfirmed_max_(unconfirmed_max) {
  for (std::size_t i = 0; i < publishers; ++i) {
    publishers_.push_back(std::make_unique<Publisher>(*this, reactor, place));
  }
}

AmqpIntake::~AmqpIntake() = default;

void AmqpIntake::start(Listener& listener) {
  listener_ = &listener;
  for (const auto& publisher : publishers_) publisher->start();
}

void AmqpIntake::send(std::uint64_t number) {
  body_.clear();
  text_.append(body_, number);
  ++unconfirmed_;
  publishers_[next_]->publish(number, body_);
  next_ = (next_ + 1) % publishers_.size();
}

}  // namespace triggers::bench
