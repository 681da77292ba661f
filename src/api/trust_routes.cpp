// What lets others check recordings without trusting this program: the node's public key, how far
// the scrub is, and clips with their proof.
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
}

}  // namespace oriel::api
