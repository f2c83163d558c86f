#include "clock_watch.h"

#include "log/log.h"

namespace triggers {
namespace {

using std::chrono::milliseconds;

/// A small lead is normal: ids are counted up within a millisecond, and NTP slows a clock down.
constexpr milliseconds behind_min{1'000};

double seconds(milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

ClockWatch::ClockWatch(metrics::Registry& registry, GuardedClock& clock, bool waits)
    : clock_(clock),
      waits_(waits),
      steps_(registry.counter("triggers_clock_steps_total", "Steps of the machine's wall clock by over a second.")),
      offset_(registry.gauge("triggers_clock_offset_seconds",
                             "How far the machine's wall clock is ahead of the clock that the server uses.")),
      behind_(registry.gauge("triggers_clock_behind_ids_seconds", "How far the clock is behind the time of new ids.")) {
}

void ClockWatch::look(milliseconds ids_ahead) {
  if (const auto change = clock_.look()) tell(*change);
  offset_.set(waits_ ? seconds(clock_.machine_ahead()) : 0);
  behind_.set(seconds(ids_ahead));
  tell_behind(ids_ahead);
}

void ClockWatch::tell(const GuardedClock::Change& change) {
  const double by = seconds(change.by);
  switch (change.kind) {
    case GuardedClock::Change::Kind::stepped:
      steps_.add();
      if (waits_) {
        log::warning("clock_stepped",
                     {{"by_seconds", by},
                      {"waits_seconds", std::chrono::seconds{GuardedClock::proof}.count()},
                      {"message",
                       "The machine's clock has jumped. New events get the time that the clock would have without "
                       "the jump, until the jump has lasted for waits_seconds."}});
      } else {
        log::warning("clock_stepped", {{"by_seconds", by},
                                       {"message",
                                        "The machine's clock has jumped, and so has the time of new events. "
                                        "If nodes' clocks differ, readers with cursors may miss events."}});
      }
      return;
    case GuardedClock::Change::Kind::undone: return log::info("clock_step_undone");
    case GuardedClock::Change::Kind::accepted:
      if (waits_) log::warning("clock_step_accepted", {{"by_seconds", by}});
      return;
  }
}

void ClockWatch::tell_behind(milliseconds by) {
  const bool behind = by > behind_min;
  if (behind == behind_told_) return;
  behind_told_ = behind;
  if (!behind) return log::info("clock_caught_up");
  log::warning("clock_behind_ids",
               {{"by_seconds", seconds(by)},
                {"message",
                 "The newest event is later than the clock, which was set back or was wrong before. The "
                 "times of new events continue from the newest event."}});
}

}  // namespace triggers
