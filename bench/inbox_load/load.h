#pragma once

// A run: one thread sends events, another receives and acknowledges them, and the caller's thread says when. What
// became of each event is in journals.h.

#include <string>

#include "journals.h"
#include "sides.h"
#include "swarm/load/reactor.h"

namespace triggers::bench {

struct LoadSettings {
  /// Events a second, on a schedule that does not wait for responses; 0: as many as the server accepts.
  double rate = 0;
  std::chrono::milliseconds warm_up{1000};
  std::chrono::milliseconds measured{5000};
  /// After the last event was sent: how long the run waits without any progress for the rest.
  std::chrono::milliseconds stalled_max{10'000};
  /// With rate 0: no event is sent while more than this many wait. So events come in as quickly as they go out.
  std::int64_t backlog_max = 10'000;
};

/// What a run found.
struct LoadResult {
  std::string failure;  ///< Why the run ended early; empty if it did not. The account is then of no use.
  Account account;
  std::uint64_t batches = 0;            ///< Acknowledgements, each of one batch.
  std::chrono::nanoseconds late_max{};  ///< With a rate: how late an event was sent at most.
};

/// A side of the server, with the reactor on whose thread it is used. Both outlive the run.
template <typename Side>
struct OnThread {
  swarm::Reactor& reactor;
  Side& side;
};

/// Runs to the end. Starts two threads and joins them.
LoadResult run_load(OnThread<Intake> intake, OnThread<Outlet> outlet, const LoadSettings& settings);

}  // namespace triggers::bench
