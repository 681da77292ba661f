// From a moment to a Work in one step: the clip is cut out of the log, put on the shelf, and a
// draft is made that names it, with the moment it shows.
#include <fmt/format.h>

#include "api/moment_work.h"
#include "api/past.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_view.h"
#include "commons/defaults.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::File;
using commons::HeldFile;
using commons::LocalisedText;
using commons::Work;
using http::Awaitable;
using http::Request;
using http::Response;

constexpr Duration kWorkMax = Duration::from_s(3600);
constexpr int kPreviewWidth = 1280;

Result<File> shelve_clip(Services& services, const ClipPlan& plan, const std::string& account) {
  auto& objects = services.commons.shelf.objects();
  const auto name = "clip-" + commons::make_id(services.clock.now());
  ORIEL_TRY(objects.stage(name));
  const auto write = [&]() -> Result<File> {
    ORIEL_TRY_ASSIGN(auto at, objects.append(name, 0, *plan.init));
    for (std::size_t i = 0; i < plan.pieces.size(); ++i) {
      ORIEL_TRY_ASSIGN(const auto bytes, clip_piece(past_of(services.archive), plan, i));
      ORIEL_TRY_ASSIGN(at, objects.append(name, at, *bytes));
    }
    return services.commons.shelf.keep(name, std::nullopt, account);
  };
  auto file = write();
  if (!file) ORIEL_TRY(objects.discard(name));
  return file;
}

Result<File> shelve_still(Services& services, const FeedId& feed, const access::View& view,
                          UtcTime at, const std::string& account) {
  ORIEL_TRY_ASSIGN(const auto source, find_still(services.archive, feed, view, at));
  ORIEL_TRY_ASSIGN(const auto jpeg, services.pictures.still(*source.init, source.parts,
                                                            source.offset_90k, kPreviewWidth));
  auto& objects = services.commons.shelf.objects();
  const auto name = "still-" + commons::make_id(services.clock.now());
  ORIEL_TRY(objects.stage(name));
  auto appended = objects.append(name, 0, jpeg);
  auto file = appended ? services.commons.shelf.keep(name, std::nullopt, account)
                       : Result<File>(fail(std::move(appended).error()));
  if (!file) ORIEL_TRY(objects.discard(name));
  return file;
}

HeldFile held(const File& file, std::string name, commons::FileRole role) {
  HeldFile item;
  item.sha256 = file.sha256;
  item.name = std::move(name);
  item.role = role;
  return item;
}

std::string stamp_of(UtcTime at) {
  auto stamp = format_rfc3339(at).substr(0, 19) + "Z";
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  return stamp;
}

Result<void> check_form(const MomentWorkForm& form) {
  if (form.end < form.start) return fail(ErrorKind::invalid, "end: is before start");
  if (form.end - form.start > kWorkMax) {
    return fail(ErrorKind::invalid,
                "end: a Work cut from a moment has at most an hour; make several, or a data set");
  }
  commons::WorkContent content;
  content.title = form.title;
  return commons::check(content);
}

// What the public may hear: a Work is made to be published.
access::View public_sound(const Seen& seen) {
  auto view = seen.view;
  view.with_audio = view.with_audio && seen.feed->settings()->public_audio;
  return view;
}

Result<Work> make_work(Services& services, const Request& request, const Seen& seen,
                       const MomentWorkForm& form) {
  const bool still = form.start == form.end;
  const auto view = public_sound(seen);
  const auto& account = identity_of(request).name;
  ORIEL_TRY(check_drafts(services, identity_of(request)));
  ORIEL_TRY(check_room(services, identity_of(request), 0));
  const auto& feed = seen.feed->id();
  commons::WorkContent content;
  content.kind = still ? commons::WorkKind::still : commons::WorkKind::clip;
  content.title = form.title;
  content.about = form.about;
  content.makers = form.makers;
  content.stewards = form.stewards;
  content.terms = form.terms;
  content.audience = form.audience;
  content.moment = commons::MomentOf{feed.str(), form.start, form.end};
  content.date = format_rfc3339(form.start);
  const auto about = provenance(services, request, *seen.feed, form.start);
  content.licence = form.licence.empty() ? about.licence_url.value_or("") : form.licence;
  content.credit = form.credit.empty() ? in_all_languages(about.node) + ": " +
                                             in_all_languages(about.site.value_or(about.title))
                                       : form.credit;
  if (about.place)
    content.place = commons::WorkPlace{about.place->latitude, about.place->longitude};
  const auto name = feed.str() + "-" + stamp_of(form.start);
  if (!still) {
    ORIEL_TRY_ASSIGN(auto plan,
                     plan_clip(past_of(services.archive), feed, view, {form.start, form.end}));
    auto tags = movie_tags(about, {plan.start, plan.end}, services.window);
    tags.title = in_all_languages(form.title);
    ORIEL_TRY(tag_clip(plan, tags));
    // The clip begins at a key frame: it shows a little more than was asked for.
    content.moment->start = std::min(plan.start, form.start);
    content.moment->end = std::max(plan.end, form.end);
    ORIEL_TRY_ASSIGN(const auto clip, shelve_clip(services, plan, account));
    content.files.push_back(held(clip, name + ".mp4", commons::FileRole::original));
  }
  ORIEL_TRY_ASSIGN(const auto picture, shelve_still(services, feed, view, form.start, account));
  content.files.push_back(held(picture, name + ".jpg",
                               still ? commons::FileRole::original : commons::FileRole::preview));
  return services.commons.catalogue.add_work(content, {account, ""});
}

Awaitable<Response> add_moment_work(Services& services, Request& request) {
  auto body = http::parse_json_body(request);
  if (!body) co_return http::problem(body.error());
  const auto form = commons::from_partial_json<MomentWorkForm>(std::move(*body));
  if (!form) co_return http::problem(form.error());
  auto made = co_await services.shelving.run([&]() -> Result<json::value> {
    ORIEL_TRY_ASSIGN(const auto work, work_of_moment(services, request, *form));
    return view_of(services, request, work);
  });
  if (!made) co_return http::problem(made.error());
  auto response = uncached(Response::json(*made, 201));
  response.headers.set("ETag", "\"1\"");
  response.headers.set("Location", "/api/v1/works/" + std::string(made->at("id").as_string()));
  co_return response;
}

}  // namespace

Result<Work> work_of_moment(Services& services, Request& request, const MomentWorkForm& form) {
  ORIEL_TRY(check_form(form));
  request.parameters.emplace_back("feed", form.feed);
  ORIEL_TRY_ASSIGN(const auto seen, see(services, request));
  return make_work(services, request, seen, form);
}

void add_moment_work_routes(http::Router& router, Services& services) {
  auto described =
      operation("addWorkOfMoment", "commons",
                "A Work cut from a feed's past: clip or still, as a draft", "contribute_works");
  auto form = json_schema<MomentWorkForm>();
  form.get_object()["required"] = json::array{"feed", "start", "end", "title"};
  described.request_schema = std::move(form);
  described.answers[201] = {"The draft", "application/json", work_schema()};
  router.add(http::Method::post, "/api/v1/works/of-moment", std::move(described),
             [&services](Request& request) { return add_moment_work(services, request); });
}

}  // namespace oriel::api
