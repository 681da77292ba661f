// What lets others check recordings without trusting this program: the node's public key, how far
// the scrub is, and clips with their proof.
#include <fmt/format.h>

#include "api/clip_proof.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "archive/scrub.h"
#include "http/openapi.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

struct NodeKey {
  std::string algorithm;
  std::string key;  // 64 hexadecimal digits
  std::string pem;
};
BOOST_DESCRIBE_STRUCT(NodeKey, (), (algorithm, key, pem))

struct ScrubStatus {
  std::optional<archive::ScrubState> round;
};
BOOST_DESCRIBE_STRUCT(ScrubStatus, (), (round))

Awaitable<Response> node_key(Services& services, Request&) {
  const auto& key = services.window.node_key;
  co_return Response::of(NodeKey{"Ed25519", key.hex(), key.pem()});
}

Awaitable<Response> node_key_pem(Services& services, Request&) {
  co_return Response::text(services.window.node_key.pem(), "application/x-pem-file");
}

Awaitable<Response> scrub_status(Services& services, Request&) {
  auto round =
      co_await services.offload.run([&] { return archive::load_scrub(services.database); });
  if (!round) co_return http::problem(round.error());
  co_return Response::of(ScrubStatus{std::move(*round)});
}

class SentProof {
 public:
  SentProof(Services& services, std::shared_ptr<const ProofPlan> plan, const SigningKey& key)
      : services_(services), stream_(past_of(services.archive), std::move(plan), key) {}

  Awaitable<Result<std::optional<SharedBytes>>> next() {
    auto made = co_await services_.offload.run([this] { return stream_.next(); });
    co_return made;
  }

 private:
  Services& services_;
  ProofStream stream_;
};

Awaitable<Response> clip_proof(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kProofMax);
  if (!span) co_return http::problem(span.error());
  const auto* key = services.archive.notary().key();
  if (key == nullptr)
    co_return http::problem(Error{ErrorKind::unsupported, "this node has no key to sign with"});
  auto& archive = services.archive;
  auto planned = co_await services.offload.run([&]() -> Result<ProofPlan> {
    ORIEL_TRY_ASSIGN(auto clip, plan_clip(past_of(archive), seen->feed->id(), seen->view, *span));
    const auto about = provenance(services, request, *seen->feed, clip.start);
    ORIEL_TRY(tag_clip(clip, movie_tags(about, {clip.start, clip.end}, services.window)));
    return plan_proof({services.database, archive.volumes(), archive.file_system()},
                      seen->feed->id(), std::move(clip), seen->view, services.clock.now());
  });
  if (!planned) co_return http::problem(planned.error());
  const auto plan = std::make_shared<const ProofPlan>(std::move(*planned));
  const auto sent = std::make_shared<SentProof>(services, plan, *key);
  http::Stream body;
  body.total_bytes = plan->total_bytes;
  body.next = [sent] { return sent->next(); };
  Response response;
  response.headers.set("Content-Type", "application/x-tar");
  std::string stamp = format_rfc3339(plan->proof.start);
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  response.headers.set("Content-Disposition", fmt::format("attachment; filename=\"{}-{}.tar\"",
                                                          seen->feed->id().str(), stamp));
  response.headers.set("Cache-Control", "no-store");
  response.body = http::Body::of(std::move(body));
  co_return response;
}

}  // namespace

void add_trust_routes(http::Router& router, Services& services) {
  using http::Method;
  auto described = operation("getNodeKey", "trust", "The key that this node signs with");
  answers<NodeKey>(described);
  router.add(Method::get, "/api/v1/node/key", std::move(described),
             [&services](Request& request) { return node_key(services, request); });
  described = operation("getNodeKeyPem", "trust", "The same as openssl reads it");
  described.answers[200] = {"The key", "application/x-pem-file", {}};
  router.add(Method::get, "/api/v1/node/key.pem", std::move(described),
             [&services](Request& request) { return node_key_pem(services, request); });
  described =
      operation("getScrub", "trust", "How far the archive has been read again", "see_health");
  answers<ScrubStatus>(described);
  router.add(Method::get, "/api/v1/archive/scrub", std::move(described),
             [&services](Request& request) { return scrub_status(services, request); });
  described = operation("getClipProof", "trust",
                        "A clip with the recordings it was cut from and what the node signed");
  described.parameters = {time_query("start", true, "Begin, RFC 3339"),
                          time_query("end", true, "End, at most 1 h later")};
  described.answers[200] = {"A tar, see docs/reference/proofs.md", "application/x-tar", {}};
  router.add(Method::get, "/proof/{feed}.tar", std::move(described),
             [&services](Request& request) { return clip_proof(services, request); });
}

}  // namespace oriel::api
