// Withheld spans in the journals of the volumes.
#pragma once
#include "access/policy_book.h"
#include "archive/writer.h"

namespace oriel::app {

class PolicyLines final : public access::PolicyJournal {
 public:
  PolicyLines(archive::Writer& writer, const Clock& clock) : writer_(writer), clock_(clock) {}
  Result<void> note_withheld(const access::Withheld& withheld) override;
  Result<void> note_released(std::int64_t id) override;

 private:
  archive::Writer& writer_;
  const Clock& clock_;
};

}  // namespace oriel::app
