// The recordings of a feed as they lie in the archive: what each says of its clock and its rate.
#include <cmath>

#include <fmt/format.h>

#include "api/clock_view.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

constexpr Duration kSpanMax = Duration::from_s(366 * 86'400);

// Frames a second.
struct FrameRateView {
  std::optional<double> declared;   // null: the source says nothing
  std::optional<double> delivered;  // null: not known
};
BOOST_DESCRIBE_STRUCT(FrameRateView, (), (declared, delivered))

struct RecordingView {
  std::string id;
  media::Rendition rendition = media::Rendition::main;
  UtcTime start;
  UtcTime end;  // of what is written, while it is open
  bool open = false;
  std::int64_t bytes = 0;
  media::Reason began = media::Reason::none;
  std::optional<media::Reason> ended;
  ClockView clock;
  FrameRateView frame_rate;
};
BOOST_DESCRIBE_STRUCT(RecordingView, (),
                      (id, rendition, start, end, open, bytes, began, ended, clock, frame_rate))

std::optional<double> rate_of(double fps) {
  if (fps <= 0) return std::nullopt;
  return std::round(fps * 100) / 100;
}

RecordingView view_of(const archive::RecordingRow& row) {
  RecordingView view;
  view.id = std::to_string(row.id.value);
  view.rendition = row.rendition;
  view.start = row.start;
  view.end = row.end;
  view.open = row.open();
  view.bytes = static_cast<std::int64_t>(row.bytes);
  view.began = row.began;
  view.ended = row.ended;
  view.clock = clock_view(row.clock);
  view.frame_rate = {rate_of(row.declared_fps), rate_of(row.delivered_fps())};
  return view;
}

Result<ListOf<RecordingView>> load_recordings(Services& services, const Seen& seen, UtcSpan span) {
  ORIEL_TRY_ASSIGN(const auto page, services.archive.catalog().recordings(
                                        seen.feed->id(), media::Rendition::main, span));
  ListOf<RecordingView> list;
  for (const auto& row : page.rows)
    if (!seen.view.visible(row.span()).empty()) list.items.push_back(view_of(row));
  if (page.next) list.next = format_rfc3339(*page.next);
  return list;
}

Awaitable<Response> list_recordings(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kSpanMax);
  if (!span) co_return http::problem(span.error());
  auto cursor = time_parameter(request, "cursor");
  if (!cursor) co_return http::problem(cursor.error());
  if (*cursor) span->begin = std::max(span->begin, **cursor);
  auto list =
      co_await services.offload.run([&] { return load_recordings(services, *seen, *span); });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::of(*list));
}

}  // namespace

void add_recording_routes(http::Router& router, Services& services) {
  auto described = operation("listRecordings", "feeds",
                             "The recordings that overlap a span, by time: reasons, clock, rate");
  described.parameters = {time_query("start", true, "Begin"),
                          time_query("end", true, "End, at most a year later"),
                          time_query("cursor", false, "`next` of the page before")};
  answers<ListOf<RecordingView>>(described);
  router.add(http::Method::get, "/api/v1/feeds/{feed}/recordings", std::move(described),
             [&services](Request& r) { return list_recordings(services, r); });
}

}  // namespace oriel::api
