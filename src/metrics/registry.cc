// The registry of metrics and the text page (Registry of metrics.h). Counters and histograms themselves are in
// metrics.cc.

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <utility>
#include <variant>

#include "base/invariant.h"
#include "base/mutex.h"
#include "metrics/metrics.h"
#include "metrics/scraper.h"

namespace triggers::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// The counters are ours, so that threads do not contend for them; the library has the rules for names and the text
/// format.
using Metric =
    std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>, std::function<double()>>;

struct Family {
  MetricType type = MetricType::Untyped;
  std::string help;
  std::map<Labels, Metric> metrics;
};

struct Fill {
  ClientMetric& out;

  void operator()(const std::unique_ptr<Counter>& counter) const {
    out.counter.value = static_cast<double>(counter->value());
  }
  void operator()(const std::unique_ptr<Gauge>& gauge) const { out.gauge.value = gauge->value(); }
  void operator()(const std::function<double()>& value) const { out.counter.value = value(); }
  void operator()(const std::unique_ptr<Histogram>& histogram) const {
    const auto snapshot = histogram->snapshot();
    const auto bounds = histogram->bounds();
    out.histogram.sample_count = snapshot.count;
    out.histogram.sample_sum = snapshot.sum;
    std::uint64_t cumulative = 0;
    for (std::size_t bucket = 0; bucket < snapshot.counts.size(); ++bucket) {
      cumulative += snapshot.counts[bucket];
      const auto bound = bucket < bounds.size() ? bounds[bucket] : std::numeric_limits<double>::infinity();
      out.histogram.bucket.push_back({cumulative, bound});
    }
  }
};

ClientMetric collect(const Labels& labels, const Metric& metric) {
  ClientMetric out;
  for (const auto& [name, value] : labels) out.label.push_back({name, value});
  std::visit(Fill{out}, metric);
  return out;
}

/// What is registered, by address: families and metrics are never removed, and nothing of them but their values
/// changes.
struct Registered {
  struct OneFamily {
    const std::string* name;
    const Family* family;
    std::vector<std::pair<const Labels*, const Metric*>> metrics;
  };
  std::vector<OneFamily> families;
  std::vector<const std::function<void()>*> hooks;
};

MetricFamily collect(const Registered::OneFamily& one) {
  MetricFamily out{*one.name, one.family->help, one.family->type, {}};
  out.metric.reserve(one.metrics.size());
  for (const auto& [labels, metric] : one.metrics) out.metric.push_back(collect(*labels, *metric));
  return out;
}

}  // namespace

class Registry::State {
 public:
  explicit State(const Registry& registry) : scraper_(registry) {}

  Scraper& scraper() noexcept { return scraper_; }

  /// The place of that name and these labels; `make` fills a new one.
  template <class Make>
  Metric& resolve(MetricType type, std::string_view name, std::string_view help, const Labels& labels, Make make) {
    const MutexLock lock(mutex_);
    const std::string key(name);
    INVARIANT(prometheus::CheckMetricName(key), "%s is no name of a metric", key.c_str());
    auto [family, is_new] = families_.try_emplace(key);
    if (is_new) {
      family->second.type = type;
      family->second.help = help;
    }
    INVARIANT(family->second.type == type, "%s was registered with another type", key.c_str());
    auto sorted = labels;
    std::sort(sorted.begin(), sorted.end());
    auto& metrics = family->second.metrics;
    if (const auto found = metrics.find(sorted); found != metrics.end()) return found->second;
    for (const auto& [label, value] : sorted) {
      INVARIANT(prometheus::CheckLabelName(label), "%s has the label %s, which is no name of one", key.c_str(),
                label.c_str());
    }
    return metrics.emplace(std::move(sorted), make()).first->second;
  }

  void on_scrape(std::function<void()> hook) {
    const MutexLock lock(mutex_);
    hooks_.push_back(std::move(hook));
  }

  std::string exposition() {
    // Hooks and values may take long; a request that needs a counter must not wait for them.
    const MutexLock one_at_a_time(exposition_mutex_);
    for (const auto* hook : registered().hooks) (*hook)();
    std::vector<MetricFamily> collected;
    for (const auto& family : registered().families) collected.push_back(collect(family));
    return prometheus::TextSerializer{}.prometheus::Serializer::Serialize(collected);
  }

 private:
  Registered registered() {
    Registered out;
    const MutexLock lock(mutex_);
    for (const auto& hook : hooks_) out.hooks.push_back(&hook);
    for (const auto& [name, family] : families_) {
      auto& one = out.families.emplace_back(Registered::OneFamily{&name, &family, {}});
      one.metrics.reserve(family.metrics.size());
      for (const auto& [labels, metric] : family.metrics) one.metrics.emplace_back(&labels, &metric);
    }
    return out;
  }

  Mutex exposition_mutex_ ACQUIRED_BEFORE(mutex_);  // Lets one exposition run at a time.
  Mutex mutex_;
  std::map<std::string, Family> families_ GUARDED_BY(mutex_);
  std::deque<std::function<void()>> hooks_ GUARDED_BY(mutex_);  // Whose elements stay where they are.
  Scraper scraper_;                                             // The last member: its thread uses the others.
};

Registry::Registry() : state_(std::make_unique<State>(*this)) {}
Registry::~Registry() = default;

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  auto& metric =
      state_->resolve(MetricType::Counter, name, help, labels, [] { return Metric(std::make_unique<Counter>()); });
  const auto* counter = std::get_if<std::unique_ptr<Counter>>(&metric);
  INVARIANT(counter != nullptr, "%.*s is no counter", static_cast<int>(name.size()), name.data());
  return **counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  auto& metric =
      state_->resolve(MetricType::Gauge, name, help, labels, [] { return Metric(std::make_unique<Gauge>()); });
  return **std::get_if<std::unique_ptr<Gauge>>(&metric);
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                               const Labels& labels) {
  auto& metric = state_->resolve(MetricType::Histogram, name, help, labels,
                                 [bounds] { return Metric(std::make_unique<Histogram>(bounds)); });
  return **std::get_if<std::unique_ptr<Histogram>>(&metric);
}

void Registry::counter_from(std::string_view name, std::string_view help, const Labels& labels,
                            std::function<double()> value) {
  bool made = false;
  (void)state_->resolve(MetricType::Counter, name, help, labels, [&] {
    made = true;
    return Metric(std::move(value));
  });
  INVARIANT(made);
}

void Registry::on_scrape(std::function<void()> hook) { state_->on_scrape(std::move(hook)); }

Scraper& Registry::scraper() noexcept { return state_->scraper(); }

std::string Registry::exposition() const { return state_->exposition(); }

}  // namespace triggers::metrics
