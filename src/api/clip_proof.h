// A clip with what proves it (archive/proof.h), as a tar that is made while it is sent. The proof
// holds whole recordings: it is given only to who may see all of them, with their sound.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/gate.h"
#include "api/past.h"
#include "archive/file_system.h"
#include "archive/proof.h"
#include "archive/volume.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/signing.h"
#include "store/database.h"

namespace oriel::api {

constexpr Duration kProofMax = Duration::from_s(3600);

struct ProofPlan {
  std::shared_ptr<const ClipPlan> clip;
  std::vector<std::shared_ptr<const archive::RecordingRow>> recordings;
  struct SealText {
    std::string name;  // in the proof
    std::string text;
  };
  std::vector<SealText> seals;
  archive::Proof proof;  // but for hash and signature
  std::uint64_t total_bytes = 0;
};

// Where seals are found.
struct SealSource {
  store::Database& database;
  std::vector<archive::Volume*> volumes;
  archive::FileSystem& file_system;
};

// `view` is that of the clip's plan. Errors: conflict (a recording is not sealed yet, or may not
// be seen whole; the message says so and not why), exhausted, as load_seal(),
// the database's.
Result<ProofPlan> plan_proof(const SealSource& seals, const FeedId& feed, ClipPlan clip,
                             const access::View& view, UtcTime now);

// Gives the tar piece by piece. Blocks on the disk. For one thread at a time; all outlives it.
class ProofStream {
 public:
  ProofStream(PastSource past, std::shared_ptr<const ProofPlan> plan, const SigningKey& key);
  // Absent: that was all. Errors: of reading; what was given before is no proof then.
  Result<std::optional<SharedBytes>> next();

 private:
  enum class Stage { readme, recordings, seals, clip, proof, end, done };
  SharedBytes whole_file(std::string_view name, ByteView bytes) const;
  Result<SharedBytes> next_of_recording();
  Result<SharedBytes> next_of_clip();
  SharedBytes last_file();

  const PastSource past_;
  const std::shared_ptr<const ProofPlan> plan_;
  const SigningKey& key_;
  Stage stage_ = Stage::readme;
  std::size_t index_ = 0;     // within the stage
  std::uint64_t offset_ = 0;  // within the recording
  Sha256 hash_;               // of the clip
};

}  // namespace oriel::api
