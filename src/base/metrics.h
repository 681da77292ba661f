// Counters and gauges in the Prometheus text format.
#pragma once
#include <map>
#include <memory>
#include <string>

namespace oriel {

using MetricLabels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double by = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
};

// Names follow Prometheus: oriel_<thing>_<unit>[_total]. Thread-safe. A returned reference lives as
// long as the Metrics; asking twice for one name and labels gives the same object. The help text of
// the first call for a name is kept.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(const std::string& name, const std::string& help,
                   const MetricLabels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  // The page for /metrics, text/plain; version=0.0.4.
  std::string render() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace oriel
