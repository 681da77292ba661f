// Files and their uploads. An upload follows "Resumable Uploads for HTTP", draft 6 of the IETF
// (draft-ietf-httpbis-resumable-upload-06): POST makes it, PATCH adds at Upload-Offset, HEAD says
// how far it has come, DELETE ends it. No 104 is sent; a piece has at most kPieceMax bytes, which
// Upload-Limit tells.
#include <charconv>

#include <sodium.h>

#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_view.h"
#include "base/hex.h"
#include "commons/file_type.h"
#include "http/conditional.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::File;
using commons::Upload;
using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::size_t kPieceMax = 8u << 20;
constexpr std::string_view kPartial = "application/partial-upload";
constexpr std::string_view kOffsetProblem =
    "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";

// A boolean of RFC 8941: "?1". Absent for anything else.
std::optional<bool> flag_of(const Request& request, std::string_view name) {
  const auto value = request.header(name);
  if (value == "?1") return true;
  if (value == "?0") return false;
  return std::nullopt;
}

Result<std::optional<std::int64_t>> number_of(const Request& request, std::string_view name) {
  const auto value = request.header(name);
  if (!value) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || number < 0)
    return fail(ErrorKind::invalid, std::string(name) + ": expected a whole number");
  return std::optional(number);
}

// RFC 9530: "sha-256=:…base64…:" among others. "": none of that kind.
Result<std::string> digest_of(const Request& request) {
  const auto value = request.header("Repr-Digest").value_or("");
  constexpr std::string_view kName = "sha-256=:";
  const auto at = value.find(kName);
  if (at == std::string_view::npos) return std::string();
  const auto text = value.substr(at + kName.size());
  const auto base64 = text.substr(0, text.find(':'));
  Sha256Digest digest{};
  std::size_t bytes = 0;
  if (sodium_base642bin(digest.data(), digest.size(), base64.data(), base64.size(), nullptr, &bytes,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      bytes != digest.size())
    return fail(ErrorKind::invalid, "Repr-Digest: expected sha-256=:…: with 32 bytes in base 64");
  return format_hex(digest);
}

// The disk is full, or too much is under way: not a fault of the moment.
Response refusal(const Error& error) {
  if (error.kind == ErrorKind::exhausted) return http::problem(507, error.message);
  return http::problem(error);
}

void tell(Response& response, const Upload& upload, bool complete) {
  response.headers.set("Upload-Draft-Interop-Version", "6");
  response.headers.set("Upload-Complete", complete ? "?1" : "?0");
  response.headers.set("Upload-Offset", std::to_string(upload.received));
  response.headers.set("Upload-Limit", "max-size=" + std::to_string(commons::Uploads::kBytesMax) +
                                           ", max-append-size=" + std::to_string(kPieceMax));
  response.headers.set("Cache-Control", "no-store");
}

Response told(const Upload& upload, int status) {
  auto response = status == 204 ? Response::empty() : Response::of(upload, status);
  tell(response, upload, false);
  return response;
}

// `file` where the last piece has come.
struct Progress {
  Upload upload;
  std::optional<File> file;
};

Response answer_of(const Progress& progress, int status) {
  if (!progress.file) return told(progress.upload, status);
  auto response = Response::of(*progress.file, 201);
  tell(response, progress.upload, true);
  response.headers.set("Location", "/api/v1/files/" + progress.file->sha256);
  return response;
}

Result<Progress> add_piece(Services& services, const std::string& account, Upload upload,
                           std::int64_t offset, const std::string& bytes, bool complete) {
  if (!bytes.empty() || offset != upload.received) {
    ORIEL_TRY_ASSIGN(upload,
                     services.commons.uploads.append(upload.id, account, offset, as_bytes(bytes)));
  }
  Progress progress{std::move(upload), std::nullopt};
  if (complete) {
    ORIEL_TRY_ASSIGN(progress.file, services.commons.uploads.finish(progress.upload.id, account));
  }
  return progress;
}

Awaitable<Response> begin_upload(Services& services, Request& request) {
  const auto bytes = number_of(request, "Upload-Length");
  if (!bytes) co_return http::problem(bytes.error());
  if (*bytes && **bytes > commons::Uploads::kBytesMax)
    co_return http::problem(413, "a file has at most 50 GiB");
  const auto sha256 = digest_of(request);
  if (!sha256) co_return http::problem(sha256.error());
  const auto& account = identity_of(request).name;
  commons::UploadRequest wanted{account, std::string(request.query.first("name").value_or("")),
                                *bytes, *sha256};
  // Without the field it is an upload in one piece (section 4.2).
  const bool complete = flag_of(request, "Upload-Complete").value_or(true);
  if (complete && !wanted.bytes) wanted.bytes = static_cast<std::int64_t>(request.body.size());
  if (!wanted.bytes && !access::may(identity_of(request), access::Capability::make_works))
    co_return http::problem(411, "say in Upload-Length how many bytes will come");
  const auto begin = [&]() -> Result<Progress> {
    ORIEL_TRY(check_room(services, identity_of(request), wanted.bytes.value_or(0)));
    ORIEL_TRY_ASSIGN(auto upload, services.commons.uploads.begin(wanted));
    const auto id = upload.id;
    auto added = add_piece(services, account, std::move(upload), 0, request.body, complete);
    // Nobody knows its address yet.
    if (!added) static_cast<void>(services.commons.uploads.cancel(id, account));
    return added;
  };
  auto& threads = complete ? services.shelving : services.offload;
  auto progress = co_await threads.run(begin);
  if (!progress) co_return refusal(progress.error());
  auto response = answer_of(*progress, 201);
  if (!progress->file) response.headers.set("Location", "/api/v1/uploads/" + progress->upload.id);
  co_return response;
}

Awaitable<Response> get_upload(Services& services, Request& request) {
  const std::string id(request.parameter("id"));
  const auto& account = identity_of(request).name;
  auto upload =
      co_await services.offload.run([&] { return services.commons.uploads.load(id, account); });
  if (!upload) co_return http::problem(upload.error());
  co_return told(*upload, 200);
}

Response mismatch(const Upload& upload, std::int64_t offset) {
  json::object document{{"type", kOffsetProblem},
                        {"title", "offset from request does not match offset of resource"},
                        {"status", 409},
                        {"expected-offset", upload.received},
                        {"provided-offset", offset}};
  auto response = Response::json(document, 409);
  response.headers.set("Content-Type", "application/problem+json");
  tell(response, upload, false);
  return response;
}

Awaitable<Response> append_upload(Services& services, Request& request) {
  const std::string id(request.parameter("id"));
  const auto& account = identity_of(request).name;
  auto upload =
      co_await services.offload.run([&] { return services.commons.uploads.load(id, account); });
  if (!upload) co_return http::problem(upload.error());
  if (request.header("Content-Type").value_or("") != kPartial)
    co_return http::problem(415, "a piece comes as application/partial-upload");
  const auto offset = number_of(request, "Upload-Offset");
  if (!offset) co_return http::problem(offset.error());
  const auto complete = flag_of(request, "Upload-Complete");
  if (!*offset || !complete) {
    co_return http::problem(
        Error{ErrorKind::invalid, "Upload-Offset and Upload-Complete are needed"});
  }
  if (**offset != upload->received) co_return mismatch(*upload, **offset);
  auto& threads = *complete ? services.shelving : services.offload;
  auto progress = co_await threads.run(
      [&] { return add_piece(services, account, *upload, **offset, request.body, *complete); });
  if (!progress) co_return refusal(progress.error());
  co_return answer_of(*progress, 204);
}

Awaitable<Response> cancel_upload(Services& services, Request& request) {
  const std::string id(request.parameter("id"));
  const auto& account = identity_of(request).name;
  auto gone =
      co_await services.offload.run([&] { return services.commons.uploads.cancel(id, account); });
  if (!gone) co_return http::problem(gone.error());
  co_return Response::empty();
}

// A file with what he who asks may do with it.
struct FoundFile {
  File file;
  FileSight sight;
};

Awaitable<Result<FoundFile>> find_file(Services& services, const Request& request) {
  const std::string sha256(request.parameter("sha256"));
  auto found = co_await services.offload.run([&]() -> Result<FoundFile> {
    FoundFile seen;
    ORIEL_TRY_ASSIGN(seen.file, services.commons.shelf.load(sha256));
    ORIEL_TRY_ASSIGN(seen.sight, sight_of_file(services, sha256, identity_of(request)));
    if (!seen.sight.allowed) return fail(ErrorKind::not_found, "there is no such file");
    return seen;
  });
  co_return found;
}

Awaitable<Response> get_file(Services& services, Request& request) {
  auto found = co_await find_file(services, request);
  if (!found) co_return http::problem(found.error());
  co_return uncached(Response::of(found->file));
}

Awaitable<Response> serve_file(Services& services, Request& request) {
  auto found = co_await find_file(services, request);
  if (!found) co_return http::problem(found.error());
  const auto path = services.commons.shelf.objects().file_of(*parse_sha256(found->file.sha256));
  auto opened = co_await services.offload.run([&]() -> Result<http::FileRange> {
    if (!path) return fail(ErrorKind::unsupported, "the file is not on this machine's disk");
    return http::open_file_range(*path);
  });
  if (!opened) co_return http::problem(opened.error());
  const auto& file = found->file;
  http::Representation representation;
  representation.content_type = file.type;
  if (file.type.starts_with("text/")) representation.content_type += "; charset=utf-8";
  representation.total_bytes = static_cast<std::uint64_t>(file.bytes);
  representation.etag = "\"" + file.sha256 + "\"";
  auto response = http::respond_with_range(request, representation,
                                           [&](http::ByteSpan span) -> Result<http::Body> {
                                             auto range = *opened;
                                             range.offset_bytes = span.begin;
                                             range.length_bytes = span.end - span.begin;
                                             return http::Body::of(std::move(range));
                                           });
  const bool shown = commons::is_shown_inline(file.type) && !request.query.first("save");
  const auto name = request.query.first("name").value_or(file.sha256);
  response.headers.set("Content-Disposition", disposition_of(shown, name));
  // Whatever it is, no script of it runs under our address.
  response.headers.set("Content-Security-Policy",
                       "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'");
  response.headers.set("Cache-Control",
                       found->sight.is_public ? "public, max-age=3600" : "no-store");
  if (found->sight.is_public) response.headers.set("Access-Control-Allow-Origin", "*");
  co_return response;
}

void add_uploads(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  const auto header = [](std::string name, bool required, std::string text) {
    return http::Parameter{.name = std::move(name),
                           .in = "header",
                           .required = required,
                           .description = std::move(text)};
  };
  auto described = operation("beginUpload", "commons",
                             "Begin an upload, with its first piece or all of it (8 MiB at once)",
                             "contribute_works");
  described.parameters = {
      {.name = "name", .description = "Of the file"},
      header("Upload-Complete", false, "?0 when more pieces follow"),
      header("Upload-Length", false, "Bytes of all"),
      header("Repr-Digest", false, "sha-256=:…: of all; what comes otherwise is refused")};
  described.request_content_type = "application/octet-stream";
  described.request_schema = json::object{};
  described.body_bytes_max = kPieceMax;
  described.answers[201] = {"Begun, or, after the last piece, the file", "application/json", {}};
  described.answers[507] = {"The disk is full", "application/problem+json", {}};
  add(Method::post, "/api/v1/uploads", std::move(described), begin_upload);

  described = operation("getUpload", "commons", "How far an upload has come", "contribute_works");
  answers<Upload>(described);
  add(Method::get, "/api/v1/uploads/{id}", std::move(described), get_upload);

  described = operation("appendUpload", "commons", "Go on with an upload", "contribute_works");
  described.parameters = {header("Upload-Offset", true, "Where this piece begins"),
                          header("Upload-Complete", true, "?1 with the last piece")};
  described.request_content_type = std::string(kPartial);
  described.request_schema = json::object{};
  described.body_bytes_max = kPieceMax;
  answers<File>(described, 201, "That was the last piece: the file");
  described.answers[204] = {"More may come", "", {}};
  described.answers[409] = {"It stands elsewhere", "application/problem+json", {}};
  described.answers[507] = {"The disk is full: go on later", "application/problem+json", {}};
  add(Method::patch, "/api/v1/uploads/{id}", std::move(described), append_upload);

  described = operation("cancelUpload", "commons", "End an upload", "contribute_works");
  described.answers[204] = {"Done", "", {}};
  add(Method::delete_, "/api/v1/uploads/{id}", std::move(described), cancel_upload);
}

}  // namespace

void add_file_routes(http::Router& router, Services& services) {
  using http::Method;
  add_uploads(router, services);
  auto described = operation("getFile", "commons", "What is known of a file");
  answers<File>(described);
  router.add(Method::get, "/api/v1/files/{sha256}", std::move(described),
             [&services](Request& request) { return get_file(services, request); });
  described = operation("getFileBytes", "commons", "The bytes of a file");
  described.parameters = {{.name = "name", .description = "To save it under"},
                          {.name = "save", .description = "Not shown in the browser"}};
  described.answers[200] = {"All of it", "application/octet-stream", {}};
  described.answers[206] = {"A range of it", "application/octet-stream", {}};
  router.add(Method::get, "/files/{sha256}", std::move(described),
             [&services](Request& request) { return serve_file(services, request); });
}

}  // namespace oriel::api
