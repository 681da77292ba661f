// A moment of a feed: what is known of it, and the page that its address shows to people.
#include <fmt/format.h>

#include "api/moment.h"
#include "api/page_text.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

// Where the built page takes what is said of this moment.
// Of the picture that is shown beside a link: what sites that show previews ask for.
constexpr int kPreviewWidth = 1280;

struct MomentView {
  std::string feed;
  UtcTime at;
  MomentState state = MomentState::missing;
  media::Reason reason = media::Reason::none;
  std::optional<UtcTime> earlier;
  std::optional<UtcTime> later;
  LocalisedText title;
  std::optional<LocalisedText> site;
  std::optional<LocalisedText> sector;
  std::optional<std::string> time_zone;
  LocalisedText node;
  std::optional<double> latitude;
  std::optional<double> longitude;
  std::string licence;
  std::optional<std::string> licence_url;
  std::string address;
  std::string cite;
};
BOOST_DESCRIBE_STRUCT(MomentView, (),
                      (feed, at, state, reason, earlier, later, title, site, sector, time_zone,
                       node, latitude, longitude, licence, licence_url, address, cite))

Awaitable<Result<MomentView>> load_moment(Services& services, const Request& request,
                                          const Result<UtcTime>& asked) {
  auto seen = see(services, request);
  if (!seen) co_return fail(seen.error());
  if (!asked) co_return fail(asked.error());
  const UtcTime at = *asked;
  auto moment = co_await services.offload.run([&] {
    return find_moment(services.archive, seen->feed->id(), seen->view, at, services.clock.now());
  });
  if (!moment) co_return fail(moment.error());
  auto about = provenance(services, request, *seen->feed, at);
  MomentView view;
  view.feed = seen->feed->id().str();
  view.at = at;
  view.state = moment->state;
  view.reason = moment->reason;
  view.earlier = moment->earlier;
  view.later = moment->later;
  view.title = std::move(about.title);
  view.site = std::move(about.site);
  view.sector = std::move(about.sector);
  view.node = std::move(about.node);
  for (const auto& site : services.feeds.sites())
    if (site.id == seen->feed->settings()->site) view.time_zone = site.time_zone;
  if (about.place) {
    view.latitude = about.place->latitude;
    view.longitude = about.place->longitude;
  }
  view.licence = std::move(about.licence);
  view.licence_url = std::move(about.licence_url);
  view.address = std::move(about.address);
  view.cite = std::move(about.cite);
  co_return view;
}

Awaitable<Response> get_moment(Services& services, Request& request) {
  const auto given = time_parameter(request, "at");
  Result<UtcTime> at = fail(ErrorKind::invalid, "at is needed, such as 2026-11-20T08:00:00Z");
  if (!given)
    at = fail(given.error());
  else if (*given)
    at = **given;
  auto view = co_await load_moment(services, request, at);
  if (!view) co_return http::problem(view.error());
  co_return uncached(Response::of(*view));
}

// In the words of a page without a language of its own.
std::string_view words_of(MomentState state) {
  switch (state) {
    case MomentState::recorded:
      return "This moment is recorded.";
    case MomentState::withheld:
      return "This moment is not shown to the public.";
    case MomentState::deleted:
      return "The recording of this moment was deleted by rule.";
    case MomentState::not_yet:
      return "This moment has not been recorded yet.";
    case MomentState::before:
      return "This moment lies before the first recording.";
    case MomentState::missing:
      break;
  }
  return "Nothing was recorded at this moment.";
}

int status_of(MomentState state) {
  if (state == MomentState::recorded) return 200;
  if (state == MomentState::withheld) return 403;
  return state == MomentState::deleted ? 410 : 404;
}

std::string head_of(const MomentView& view) {
  const std::string title =
      in_all_languages(view.title) + ", " + format_rfc3339(view.at).substr(0, 16) + " UTC";
  const std::string about = std::string(words_of(view.state)) + " " + view.cite;
  std::string head = fmt::format("<title>{}</title>\n", escaped(title));
  head += meta_tag("name", "description", about);
  head += meta_tag("property", "og:title", title);
  head += meta_tag("property", "og:description", about);
  head += meta_tag("property", "og:type", "article");
  head += meta_tag("property", "og:url", view.address);
  head += meta_tag("property", "og:site_name", in_all_languages(view.node));
  if (view.state == MomentState::recorded) {
    const auto origin = view.address.substr(0, view.address.find("/m/"));
    head += meta_tag("property", "og:image",
                     fmt::format("{}/snapshot/{}.jpg?at={}&width={}", origin, view.feed,
                                 format_rfc3339(view.at), kPreviewWidth));
    head += meta_tag("name", "twitter:card", "summary_large_image");
  } else {
    head += meta_tag("name", "robots", "noindex");
  }
  head += meta_tag("name", "DC.date", format_rfc3339(view.at));
  head += meta_tag("name", "DC.rights", view.licence);
  head += link_tag("canonical", view.address);
  if (view.licence_url) head += link_tag("license", *view.licence_url);
  return head;
}

// What is read where no script runs, and what the script reads.
std::string body_of(const MomentView& view) {
  std::string body =
      fmt::format("<main><h1>{}</h1>\n<p>{}</p>\n<p>{}</p>\n",
                  escaped(in_all_languages(view.title)), words_of(view.state), escaped(view.cite));
  if (view.state == MomentState::recorded)
    body += fmt::format("<p><a href=\"/?feed={}&amp;at={}\">Watch</a></p>\n", view.feed,
                        format_rfc3339(view.at));
  return body + "</main>\n" + data_script("application/json", "moment", to_json(view));
}

Awaitable<Response> moment_page(Services& services, Request& request) {
  Result<UtcTime> at = parse_rfc3339(request.parameter("time"));
  if (!at) at = fail(ErrorKind::invalid, "the address ends in a time such as 2026-11-20T08:00:00Z");
  auto view = co_await load_moment(services, request, at);
  if (!view) co_return http::problem(view.error());
  std::string page = filled_page(services.window.moment_page, head_of(*view), body_of(*view));
  co_return uncached(
      Response::text(std::move(page), "text/html; charset=utf-8", status_of(view->state)));
}

}  // namespace

void add_moment_routes(http::Router& router, Services& services) {
  auto described = operation("getMoment", "past",
                             "Whether a moment can be seen, why not, what is nearest, and how to "
                             "cite it");
  described.parameters = {time_query("at", true, "The moment, RFC 3339")};
  answers<MomentView>(described);
  router.add(http::Method::get, "/api/v1/feeds/{feed}/moment", std::move(described),
             [&services](Request& request) { return get_moment(services, request); });

  described = operation("getMomentPage", "past",
                        "The lasting address of a moment, for people: {time} is RFC 3339");
  described.answers[200] = {"A page", "text/html", {}};
  described.answers[403] = {"A page that says that the moment is withheld", "text/html", {}};
  described.answers[404] = {"A page that says why nothing is recorded", "text/html", {}};
  described.answers[410] = {"A page that says that the moment was deleted", "text/html", {}};
  router.add(http::Method::get, "/m/{feed}/{time}", std::move(described),
             [&services](Request& request) { return moment_page(services, request); });
}

}  // namespace oriel::api
