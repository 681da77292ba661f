// What every back end counts about its transactions.
#pragma once
#include <string>
#include <utility>

#include "base/metrics.h"
#include "base/result.h"

namespace oriel::store {

class TransactionMetrics {
 public:
  explicit TransactionMetrics(Metrics& metrics)
      : metrics_(metrics), writes_(begun("write")), reads_(begun("read")) {}

  void write_begun() { writes_.add(); }
  void read_begun() { reads_.add(); }
  Result<void> ended(Result<void> result) {
    if (!result) {
      metrics_
          .counter("oriel_database_failures_total", "Transactions that failed, by kind of error",
                   {{"error", std::string(to_string(result.error().kind))}})
          .add();
    }
    return result;
  }

 private:
  Counter& begun(const char* kind) {
    return metrics_.counter("oriel_database_transactions_total", "Transactions begun",
                            {{"kind", kind}});
  }

  Metrics& metrics_;
  Counter& writes_;
  Counter& reads_;
};

}  // namespace oriel::store
