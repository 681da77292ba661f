// Files of a Work with its credits inside: /works/{id}/files/{sha256}. What lies on the shelf stays
// as it is; the copy is stretches of it with a few bytes between, made anew for each who asks.
#include <algorithm>

#include "api/provenance.h"
#include "api/rights.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_view.h"
#include "base/hex.h"
#include "commons/credits.h"
#include "commons/licence.h"
#include "http/conditional.h"
#include "http/problem.h"
#include "imprint/imprint.h"

namespace oriel::api {
namespace {

using commons::Work;
using commons::WorkId;
using http::Awaitable;
using http::Request;
using http::Response;

// An object of the shelf, as imprint looks at it.
class ShelvedSource final : public imprint::Source {
 public:
  explicit ShelvedSource(const store::ObjectReader& reader) : reader_(reader) {}
  std::uint64_t bytes() const override { return reader_.bytes(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    return reader_.read(offset, into);
  }

 private:
  const store::ObjectReader& reader_;
};

// A piece as it is sent: a stretch of the shelved file, or bytes made here.
struct SentPiece {
  SharedBytes made;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Copy {
  http::FileRange file;
  std::vector<SentPiece> pieces;
  std::uint64_t bytes = 0;
  std::string type;
  std::string name;
  std::string etag;
  std::string why_none;  // there are no credits in it; "": there are
  bool is_public = false;
};

// A file's own licence takes the place of the Work's.
imprint::Legend legend_of(const commons::Chain& chain, std::vector<commons::Credit> credits,
                          const Work& work, const commons::HeldFile& held,
                          const std::string& language) {
  auto& own = credits.front();
  const auto licence =
      commons::find_licence(held.licence.empty() ? chain.front().licence : held.licence);
  if (licence) {
    own.licence = licence->name(language);
    own.licence_link = licence->link;
  }
  imprint::Legend legend;
  legend.title = own.title;
  legend.titles = chain.front().titles;
  legend.makers = own.makers;
  legend.credit = commons::credit_line(own, language);
  legend.licence = own.licence;
  legend.licence_uri = licence ? licence->uri : "";
  legend.public_domain = licence && licence->licence_class == commons::LicenceClass::free;
  for (const auto& credit : credits)
    legend.credits.push_back(commons::credit_line(credit, language));
  for (std::size_t i = 1; i < credits.size(); ++i)
    if (!credits[i].address.empty()) legend.sources.push_back(credits[i].address);
  legend.address = own.address;
  legend.date = work.changed_at;
  return imprint::bounded(std::move(legend));
}

// Of the bytes that it names: the file, and all that is said in it.
std::string etag_of(const std::string& file, const imprint::Legend& legend) {
  std::string all = file;
  const auto add = [&](std::string_view text) {
    all += '\n';
    all += text;
  };
  for (const auto& text : {legend.title, legend.credit, legend.licence, legend.licence_uri,
                           legend.address, format_rfc3339(legend.date)})
    add(text);
  for (const auto& title : legend.titles) add(title.first + "=" + title.second);
  for (const auto* list : {&legend.makers, &legend.credits, &legend.sources})
    for (const auto& line : *list) add(line);
  return "\"" + format_hex(sha256(as_bytes(all))) + "\"";
}

Result<void> put_in(Services& services, const std::string& sha256, const imprint::Legend& legend,
                    Copy& copy) {
  ORIEL_TRY_ASSIGN(const auto reader, services.commons.shelf.objects().open(*parse_sha256(sha256)));
  auto made = imprint::imprint(ShelvedSource(*reader), copy.type, legend);
  if (!made) {
    if (made.error().kind != ErrorKind::unsupported && made.error().kind != ErrorKind::data_loss)
      return fail(std::move(made).error());
    copy.why_none = made.error().message;
    copy.bytes = reader->bytes();
    copy.pieces.push_back({nullptr, 0, copy.bytes});
    copy.etag = "\"" + sha256 + "\"";
    return {};
  }
  copy.bytes = made->bytes;
  copy.etag = etag_of(sha256, legend);
  for (auto& piece : made->pieces) {
    SharedBytes bytes;
    if (!piece.made.empty()) bytes = std::make_shared<const Bytes>(std::move(piece.made));
    copy.pieces.push_back({std::move(bytes), piece.offset, piece.bytes});
  }
  return {};
}

Result<Copy> make_copy(Services& services, const Request& request) {
  const std::string sha256(request.parameter("sha256"));
  const std::string language(request.query.first("language").value_or("en"));
  ORIEL_TRY_ASSIGN(const auto chain, credited_chain(services, request, language));
  const WorkId id{std::string(request.parameter("id"))};
  ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.load_work(id));
  const auto held = std::find_if(work.files.begin(), work.files.end(),
                                 [&](const auto& file) { return file.sha256 == sha256; });
  ORIEL_TRY_ASSIGN(const auto sight, sight_of_file(services, sha256, identity_of(request)));
  if (held == work.files.end() || !sight.allowed)
    return fail(ErrorKind::not_found, "this Work has no such file");
  ORIEL_TRY_ASSIGN(const auto file, services.commons.shelf.load(sha256));
  const auto path = services.commons.shelf.objects().file_of(*parse_sha256(sha256));
  if (!path) return fail(ErrorKind::unsupported, "the file is not on this machine's disk");
  Copy copy;
  ORIEL_TRY_ASSIGN(copy.file, http::open_file_range(*path));
  copy.type = file.type;
  copy.name = held->name;
  copy.is_public = sight.is_public && work.state == commons::WorkState::published;
  ORIEL_TRY_ASSIGN(auto credits, commons::credits(chain, language));
  ORIEL_TRY(
      put_in(services, sha256, legend_of(chain, std::move(credits), work, *held, language), copy));
  return copy;
}

http::Body body_of(const Copy& copy, http::ByteSpan wanted) {
  http::Body body;
  std::uint64_t at = 0;
  for (const auto& piece : copy.pieces) {
    const auto begin = std::max(at, wanted.begin);
    const auto end = std::min(at + piece.bytes, wanted.end);
    if (begin < end && piece.made) {
      body.append(http::MemorySlice::of(piece.made, static_cast<std::size_t>(begin - at),
                                        static_cast<std::size_t>(end - begin)));
    } else if (begin < end) {
      auto range = copy.file;
      range.offset_bytes = piece.offset + (begin - at);
      range.length_bytes = end - begin;
      body.append(std::move(range));
    }
    at += piece.bytes;
  }
  return body;
}

Awaitable<Response> serve_copy(Services& services, Request& request) {
  auto copy = co_await services.offload.run([&] { return make_copy(services, request); });
  if (!copy) co_return http::problem(copy.error());
  http::Representation representation;
  representation.content_type = copy->type;
  representation.total_bytes = copy->bytes;
  representation.etag = copy->etag;
  auto response = http::respond_with_range(
      request, representation,
      [&](http::ByteSpan span) -> Result<http::Body> { return body_of(*copy, span); });
  response.headers.set("Content-Disposition", disposition_of(false, copy->name));
  response.headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  response.headers.set("Cache-Control", copy->is_public ? "public, max-age=3600" : "no-store");
  response.headers.set("Oriel-Credits",
                       copy->why_none.empty() ? "inside" : "none; " + copy->why_none);
  if (copy->is_public) {
    response.headers.set("Access-Control-Allow-Origin", "*");
    response.headers.set("Access-Control-Expose-Headers", "Oriel-Credits");
  }
  co_return response;
}

}  // namespace

void add_imprint_routes(http::Router& router, Services& services) {
  auto described = operation("getFileWithCredits", "commons",
                             "A file of a Work with title, makers, credit and licence inside, "
                             "where its format has a place: Oriel-Credits says inside, or none "
                             "and why");
  described.parameters = {{.name = "language", .description = "Of the credits: en when absent"}};
  described.answers[200] = {"All of it", "application/octet-stream", {}};
  described.answers[206] = {"A range of it", "application/octet-stream", {}};
  router.add(http::Method::get, "/works/{id}/files/{sha256}", std::move(described),
             [&services](Request& request) { return serve_copy(services, request); });
}

}  // namespace oriel::api
