#include "app/demo_commons.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/moment_work.h"
#include "app/demo_words.h"
#include "base/log.h"
#include "demo/drawing.h"
#include "demo/sound.h"
#include "demo/truth.h"
#include "store/object_store.h"

namespace oriel::app {

using commons::FileRole;
using commons::HeldFile;
using commons::LocalisedText;
using commons::WorkContent;
using commons::WorkKind;
using commons::WorkState;

namespace {

constexpr std::string_view kAccount = "demonstration";
constexpr std::string_view kScheme = "demonstration";  // of the identifiers
constexpr const char* kBy = "http://creativecommons.org/licenses/by/4.0/";
constexpr const char* kCc0 = "http://creativecommons.org/publicdomain/zero/1.0/";
constexpr const char* kLand = "http://metadata.un.org/sdg/15";
constexpr int kNice = 10;
constexpr std::size_t kClips = 4;
constexpr std::size_t kStills = 3;
constexpr Duration kClip = Duration::from_s(14);
constexpr auto kLook = std::chrono::seconds(2);
constexpr int kLooksMax = 300;  // ten minutes: a machine that is slow to record

LocalisedText localised(const demo::LocalName& name) {
  return {{"en", std::string(name.en)}, {"zh", std::string(name.zh)}};
}

// The page of Wikispecies: a lasting address for a Latin name.
std::string taxon_of(demo::Species species) {
  std::string latin(demo::facts(species).latin);
  std::replace(latin.begin(), latin.end(), ' ', '_');
  return "https://species.wikimedia.org/wiki/" + latin;
}

std::string slug_of(std::string_view name) {
  std::string slug;
  for (const char c : name) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9'))
      slug += small;
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  return slug;
}

constexpr std::size_t kRate = 48'000;

std::vector<float> sound_of(const demo::Area& area, UtcTime start, std::size_t seconds) {
  demo::Soundscape soundscape(area);
  std::vector<float> samples(kRate * seconds);
  soundscape.fill(samples, start);
  return samples;
}

Bytes wave_of(const std::vector<float>& samples) {
  Bytes out;
  const auto text = [&](std::string_view word) { out.insert(out.end(), word.begin(), word.end()); };
  const auto number = [&](std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto bytes = samples.size() * 2;
  text("RIFF");
  number(36 + bytes, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2);  // PCM
  number(1, 2);  // one channel
  number(kRate, 4);
  number(kRate * 2, 4);
  number(2, 2);
  number(16, 2);
  text("data");
  number(bytes, 4);
  for (const float sample : samples)
    number(static_cast<std::uint16_t>(
               static_cast<std::int16_t>(std::clamp(sample * 2, -1.0f, 1.0f) * 32'767)),
           2);
  return out;
}

}  // namespace

// A time at which something is to be seen, and how well.
struct DemoCommons::Moment {
  const demo::Area* area = nullptr;
  UtcTime at;
  demo::Species species = demo::Species::kiang;
  double score = 0;  // 0: nothing but the land
};

DemoCommons::DemoCommons(api::Services& services, std::string address)
    : services_(services), address_(std::move(address)) {}

void DemoCommons::start() {
  thread_ = NamedThread("demo-commons", [this](const std::stop_token& stop) {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
    if (auto done = make_all(stop); !done)
      log::warn("the demonstration's commons is not whole: {}", done.error().message);
    else if (!stop.stop_requested())
      log::info("the demonstration's commons is there: {} Works", made_.size());
  });
}

void DemoCommons::stop() {
  thread_.request_stop();
  thread_.join();
}

Result<void> DemoCommons::make_all(const std::stop_token& stop) {
  ORIEL_TRY(load_made());
  ORIEL_TRY(make_parties());
  ORIEL_TRY(make_terms());
  ORIEL_TRY(make_animals(stop));
  ORIEL_TRY(make_sheet());
  ORIEL_TRY(make_counts());
  ORIEL_TRY(make_sounds());
  log::info("the demonstration's commons: animals, counts and sounds are there; clips follow");
  ORIEL_TRY(make_moments(stop));
  if (stop.stop_requested()) return {};
  return make_teaching();
}

Result<void> DemoCommons::load_made() {
  const auto& catalogue = services_.commons.catalogue;
  commons::PageRequest page;
  do {
    ORIEL_TRY_ASSIGN(const auto works, catalogue.list_works(std::nullopt, page));
    for (const auto& work : works.items) {
      const auto key = work.identifiers.find(std::string(kScheme));
      if (key != work.identifiers.end()) made_.emplace(key->second, work.id);
    }
    page.after = works.next.value_or("");
  } while (!page.after.empty());
  ORIEL_TRY_ASSIGN(const auto parties, catalogue.list_parties({"", 1'000}));
  for (const auto& party : parties.items)
    if (const auto name = party.name.find("en"); name != party.name.end())
      parties_.emplace(name->second, party.id);
  return {};
}

Result<void> DemoCommons::make_parties() {
  auto& catalogue = services_.commons.catalogue;
  for (const auto& words : demo_parties()) {
    if (parties_.contains(words.name.at("en"))) continue;
    commons::PartyContent party;
    party.kind =
        words.within.empty() ? commons::PartyKind::institution : commons::PartyKind::department;
    party.name = words.name;
    party.about = words.about;
    if (!words.within.empty()) party.within = parties_.at(words.within);
    party.languages = {"en", "zh"};
    ORIEL_TRY_ASSIGN(const auto added, catalogue.add_party(party));
    parties_.emplace(words.name.at("en"), added.id);
  }
  return {};
}

Result<void> DemoCommons::make_terms() {
  for (const auto species : demo::drawn_species()) {
    const auto& facts = demo::facts(species);
    ORIEL_TRY(services_.commons.catalogue.put_term({taxon_of(species), commons::TermScheme::taxon,
                                                    localised(facts.common),
                                                    std::string(facts.latin), ""}));
  }
  return {};
}

Result<HeldFile> DemoCommons::shelve(const std::string& name, ByteView bytes, FileRole role) {
  auto& shelf = services_.commons.shelf;
  const auto staged = "demo-" + commons::make_id(services_.clock.now());
  ORIEL_TRY(shelf.objects().stage(staged));
  auto appended = shelf.objects().append(staged, 0, bytes);
  auto file = appended ? shelf.keep(staged, std::nullopt, std::string(kAccount))
                       : Result<commons::File>(fail(std::move(appended).error()));
  if (!file) {
    ORIEL_TRY(shelf.objects().discard(staged));
    return fail(std::move(file).error().within(name));
  }
  HeldFile held;
  held.sha256 = file->sha256;
  held.name = name;
  held.role = role;
  return held;
}

Result<void> DemoCommons::release(const std::string& key, const commons::Work& draft) {
  auto& catalogue = services_.commons.catalogue;
  const commons::Contribution by{std::string(kAccount), ""};
  const commons::WorkId id(draft.id);
  ORIEL_TRY_ASSIGN(auto work, catalogue.move_work(id, draft.version, WorkState::in_review, by));
  ORIEL_TRY_ASSIGN(work, catalogue.move_work(id, work.version, WorkState::published, by));
  made_.emplace(key, work.id);
  return {};
}

Result<void> DemoCommons::publish(const std::string& key, WorkContent content) {
  content.identifiers[std::string(kScheme)] = key;
  auto work = services_.commons.catalogue.add_work(content, {std::string(kAccount), ""});
  if (!work) return fail(std::move(work).error().within(key));
  auto released = release(key, *work);
  if (!released) return fail(std::move(released).error().within(key));
  return {};
}

Result<void> DemoCommons::make_animals(const std::stop_token& stop) {
  for (const auto species : demo::drawn_species()) {
    if (stop.stop_requested()) return {};
    const auto& facts = demo::facts(species);
    const auto name = slug_of(facts.common.en);
    if (is_made("animal-" + name)) continue;
    WorkContent content;
    content.kind = WorkKind::model;
    content.title = localised(facts.common);
    content.about = animal_words(facts);
    content.makers = {{parties_.at(kDrawingRoom), "", "illustrator"}};
    content.stewards = {parties_.at(kInstitution)};
    content.licence = kCc0;
    content.terms = {taxon_of(species), kLand};
    ORIEL_TRY_ASSIGN(auto model,
                     shelve(name + ".glb", demo::animal_model(species), FileRole::original));
    ORIEL_TRY_ASSIGN(auto drawing, shelve(name + ".svg", as_bytes(demo::animal_drawing(species)),
                                          FileRole::preview));
    drawing.about = content.title;
    content.files = {std::move(model), std::move(drawing)};
    ORIEL_TRY(publish("animal-" + name, std::move(content)));
  }
  return {};
}

Result<void> DemoCommons::make_sheet() {
  if (is_made("animals")) return {};
  WorkContent content;
  content.kind = WorkKind::pack;
  content.title = {{"en", "Twelve animals of the plateau"}, {"zh", "高原十二种动物"}};
  content.about = sheet_about();
  content.makers = {{parties_.at(kDrawingRoom), "", "illustrator"}};
  content.stewards = {parties_.at(kInstitution)};
  content.licence = kCc0;
  content.terms = {kLand};
  content.audience = commons::Ages{6, 99};
  for (const auto species : demo::drawn_species())
    content.parts.push_back(made_.at("animal-" + slug_of(demo::facts(species).common.en)));
  ORIEL_TRY_ASSIGN(
      auto sheet, shelve("twelve-animals.svg", as_bytes(demo::animal_sheet()), FileRole::original));
  sheet.about = content.title;
  content.files = {std::move(sheet)};
  return publish("animals", std::move(content));
}

namespace {

// How many animals were to be seen, by the hour: what the pictures are drawn from.
struct DayCounts {
  std::map<demo::Species, int> totals;
  std::vector<std::map<demo::Species, int>> hours;  // the oldest first
  std::string by_area;                              // a table
};

DayCounts count_day(UtcTime end) {
  DayCounts counts;
  counts.by_area = "hour,area,species,common name,animals\n";
  for (int hour = 24; hour > 0; --hour) {
    auto& counted = counts.hours.emplace_back();
    const UtcTime at = end - Duration::from_s(hour * 3'600);
    for (const auto& area : demo::areas()) {
      std::map<demo::Species, std::set<std::uint32_t>> tracks;
      for (int minute = 0; minute < 60; minute += 3)
        for (const auto& animal : demo::animals_at(area, at + Duration::from_s(minute * 60)))
          tracks[animal.species].insert(animal.track);
      for (const auto& entry : tracks) {
        const auto& facts = demo::facts(entry.first);
        const auto animals = static_cast<int>(entry.second.size());
        counts.totals[entry.first] += animals;
        counted[entry.first] += animals;
        counts.by_area += fmt::format("{},{},{},{},{}\n", format_rfc3339(at).substr(0, 16),
                                      area.name.en, facts.latin, facts.common.en, animals);
      }
    }
  }
  return counts;
}

std::string hourly_table(const DayCounts& counts, UtcTime end) {
  std::string table = "hour";
  for (const auto species : demo::drawn_species())
    table += "," + std::string(demo::facts(species).common.en);
  auto at = end - Duration::from_s(24 * 3'600);
  for (const auto& counted : counts.hours) {
    table += "\n" + format_rfc3339(at).substr(0, 16);
    for (const auto species : demo::drawn_species()) {
      const auto found = counted.find(species);
      table += fmt::format(",{}", found == counted.end() ? 0 : found->second);
    }
    at = at + Duration::from_s(3'600);
  }
  return table + "\n";
}

std::vector<demo::Bar> bars_of(const DayCounts& counts) {
  constexpr std::size_t kBarsMax = 9;
  std::vector<demo::Bar> bars;
  for (const auto& entry : counts.totals)
    bars.push_back({std::string(demo::facts(entry.first).common.en), double(entry.second)});
  std::sort(bars.begin(), bars.end(),
            [](const demo::Bar& a, const demo::Bar& b) { return a.value > b.value; });
  bars.resize(std::min(bars.size(), kBarsMax));
  return bars;
}

}  // namespace

Result<void> DemoCommons::make_counts() {
  if (is_made("counts")) return {};
  const UtcTime now = services_.clock.now();
  const UtcTime end{now.us - now.us % 3'600'000'000};
  const auto counts = count_day(end);
  WorkContent content;
  content.kind = WorkKind::dataset;
  content.title = {{"en", "Animals of a day, by the hour"}, {"zh", "一日之内的动物（按小时）"}};
  content.about = counts_about();
  content.makers = {{parties_.at(kFieldStation), "", "author"}};
  content.stewards = {parties_.at(kInstitution)};
  content.licence = kCc0;
  content.terms = {kLand};
  content.date = format_rfc3339(end).substr(0, 10);
  ORIEL_TRY_ASSIGN(auto hourly, shelve("animals-by-hour.csv", as_bytes(hourly_table(counts, end)),
                                       FileRole::original));
  ORIEL_TRY_ASSIGN(auto all,
                   shelve("animals-by-area.csv", as_bytes(counts.by_area), FileRole::data));
  ORIEL_TRY_ASSIGN(auto bar, shelve("animals.svg", as_bytes(demo::bar_drawing(bars_of(counts))),
                                    FileRole::preview));
  bar.about = content.title;
  content.files = {std::move(hourly), std::move(all), std::move(bar)};
  return publish("counts", std::move(content));
}

Result<void> DemoCommons::make_sounds() {
  std::size_t made = 0;
  const UtcTime now = services_.clock.now();
  for (const auto& area : demo::areas()) {
    if (!area.has_sound || made == 3) continue;
    ++made;
    const auto key = "sound-" + std::string(area.id);
    if (is_made(key)) continue;
    WorkContent content;
    content.kind = WorkKind::sound;
    content.title = {{"en", fmt::format("{}, half a minute of air", area.name.en)},
                     {"zh", fmt::format("{}：半分钟的声音", area.name.zh)}};
    content.about = sound_about();
    content.makers = {{parties_.at(kFieldStation), "", "recordist"}};
    content.stewards = {parties_.at(kInstitution)};
    content.licence = kBy;
    content.terms = {kLand};
    content.place = commons::WorkPlace{area.latitude_deg, area.longitude_deg};
    content.date = format_rfc3339(now);
    const auto samples = sound_of(area, now, 30);
    const std::string name(area.id);
    ORIEL_TRY_ASSIGN(auto file, shelve(name + ".wav", wave_of(samples), FileRole::original));
    ORIEL_TRY_ASSIGN(
        auto wave, shelve(name + ".svg", as_bytes(demo::wave_drawing(samples)), FileRole::preview));
    wave.about = content.title;
    content.files = {std::move(file), std::move(wave)};
    ORIEL_TRY(publish(key, std::move(content)));
  }
  return {};
}

// The best moment of each area that has enough recorded, best first.
Result<std::vector<DemoCommons::Moment>> DemoCommons::find_moments() const {
  std::vector<Moment> moments;
  const UtcTime now = services_.clock.now();
  const UtcSpan past{now - Duration::from_s(420), now - Duration::from_s(5)};
  for (const auto& area : demo::areas()) {
    ORIEL_TRY_ASSIGN(const auto timeline,
                     services_.archive.catalog().timeline(FeedId(std::string(area.id)), past, now));
    Moment best;
    for (const auto& span : timeline.spans) {
      if (span.state != archive::TimelineState::recorded) continue;
      for (UtcTime at = span.start + Duration::from_s(4); at + kClip < span.end;
           at = at + Duration::from_s(2)) {
        Moment moment{&area, at, demo::Species::kiang, 0};
        double tallest = 0;
        for (const auto& animal : demo::animals_at(area, at + Duration::from_s(5))) {
          moment.score += animal.height_px;
          if (animal.height_px > tallest) moment.species = animal.species;
          tallest = std::max(tallest, animal.height_px);
        }
        if (best.area == nullptr || moment.score > best.score) best = moment;
      }
    }
    if (best.area != nullptr) moments.push_back(best);
  }
  std::stable_sort(moments.begin(), moments.end(),
                   [](const Moment& a, const Moment& b) { return a.score > b.score; });
  return moments;
}

Result<void> DemoCommons::make_moment(const Moment& moment, const std::string& key, bool still) {
  http::Request request;
  request.headers.set("Host", address_.substr(7, address_.size() - 8));
  access::Identity self;
  self.name = kAccount;
  self.role = access::Role::curator;
  request.identity = self;
  api::MomentWorkForm form;
  form.feed = std::string(moment.area->id);
  form.start = still ? moment.at + Duration::from_s(5) : moment.at;
  form.end = still ? form.start : moment.at + kClip;
  const auto& area = *moment.area;
  const auto& facts = demo::facts(moment.species);
  if (moment.score > 0) {
    form.title = {{"en", fmt::format("{}: {}", area.name.en, facts.common.en)},
                  {"zh", fmt::format("{}：{}", area.name.zh, facts.common.zh)}};
    for (const auto species : demo::drawn_species())
      if (species == moment.species) form.terms.push_back(taxon_of(species));
  } else {
    form.title = {{"en", fmt::format("{}: wide land", area.name.en)},
                  {"zh", fmt::format("{}：辽阔大地", area.name.zh)}};
  }
  form.about = moment_about(area);
  form.makers = {{parties_.at(kFieldStation), "", still ? "photographer" : "camera"}};
  form.stewards = {parties_.at(kInstitution)};
  form.credit = "Plateau Window (demonstration)";
  form.licence = kBy;
  form.terms.emplace_back(kLand);
  ORIEL_TRY_ASSIGN(const auto draft, api::work_of_moment(services_, request, form));
  // Marked as made here, as all the others are.
  WorkContent content = draft;
  content.identifiers[std::string(kScheme)] = key;
  ORIEL_TRY_ASSIGN(const auto marked,
                   services_.commons.catalogue.change_work(commons::WorkId(draft.id), draft.version,
                                                           content, {std::string(kAccount), ""}));
  return release(key, marked);
}

Result<void> DemoCommons::make_moments(const std::stop_token& stop) {
  std::vector<std::string> wanted;
  for (std::size_t i = 0; i < kClips + kStills; ++i) {
    auto key = fmt::format("{}-{}", i < kClips ? "clip" : "still", i);
    if (!is_made(key)) wanted.push_back(std::move(key));
  }
  if (wanted.empty()) return {};
  std::vector<Moment> moments;
  for (int look = 0; look < kLooksMax && moments.size() < kClips + kStills; ++look) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kLook, [] { return false; });
    if (stop.stop_requested()) return {};
    ORIEL_TRY_ASSIGN(moments, find_moments());
  }
  std::size_t next = 0;
  for (const auto& key : wanted) {
    const bool still = key.starts_with("still");
    // One that cannot be cut (its recording just ended there) gives way to the next best.
    for (; next < moments.size() && !is_made(key); ++next) {
      if (stop.stop_requested()) return {};
      if (auto made = make_moment(moments[next], key, still); !made)
        log::info("no {} of {}: {}", key, moments[next].area->id, made.error().message);
    }
  }
  log::info("the demonstration's commons: clips and stills are there");
  return {};
}

Result<void> DemoCommons::make_teaching() {
  TeachingWorks works;
  for (const auto& entry : made_) {
    if (entry.first.starts_with("clip")) works.clips.push_back(entry.second);
    if (entry.first.starts_with("still")) works.stills.push_back(entry.second);
    if (entry.first.starts_with("sound")) works.sounds.push_back(entry.second);
    if (entry.first.starts_with("animal-")) works.animals[entry.first.substr(7)] = entry.second;
  }
  works.counts = made_["counts"];
  works.sheet = made_["animals"];
  works.feed = std::string(demo::areas().front().id);
  for (auto& teaching : demo_teaching(works)) {
    if (is_made(teaching.key)) continue;
    auto& content = teaching.content;
    content.makers = {{parties_.at(kClassroom), "", "author"}};
    content.stewards = {parties_.at(kInstitution)};
    content.licence = kBy;
    content.languages = {"en", "zh"};
    content.terms = {kLand, "http://metadata.un.org/sdg/4"};
    ORIEL_TRY_ASSIGN(auto cover,
                     shelve(teaching.key + ".svg", as_bytes(demo::animal_drawing(teaching.cover)),
                            FileRole::preview));
    cover.about = content.title;
    content.files = {std::move(cover)};
    ORIEL_TRY(publish(teaching.key, std::move(content)));
  }
  return {};
}

}  // namespace oriel::app
