#include "exchange/oai.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>

#include "commons/text.h"
#include "exchange/oai_dates.h"
#include "exchange/oai_token.h"
#include "exchange/xml.h"

namespace oriel::exchange {
namespace {

using commons::Publication;
using commons::PublicationKey;
using commons::Publications;

struct Verb {
  std::string_view name;
  std::vector<std::string_view> required;
  std::vector<std::string_view> optional;
  bool takes_token = false;
};

const std::array<Verb, 6>& verbs() {
  static const std::array<Verb, 6> kVerbs = {
      Verb{"Identify", {}, {}},
      Verb{"ListMetadataFormats", {}, {"identifier"}},
      Verb{"ListSets", {}, {}, true},
      Verb{"ListIdentifiers", {"metadataPrefix"}, {"from", "until", "set"}, true},
      Verb{"ListRecords", {"metadataPrefix"}, {"from", "until", "set"}, true},
      Verb{"GetRecord", {"identifier", "metadataPrefix"}, {}},
  };
  return kVerbs;
}

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<RecordFormat> format_of(std::string_view prefix) {
  if (prefix == "oai_dc") return RecordFormat::oai_dc;
  if (prefix == "lrmi") return RecordFormat::lrmi;
  return std::nullopt;
}

bool is_identifier(std::string_view text) {
  return !text.empty() && commons::is_plain_text(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t'; });
}

// What a list is asked for, by arguments or by a token.
struct Listing {
  RecordFormat format = RecordFormat::oai_dc;
  OaiToken at;  // where this part begins
  bool by_token = false;
};

class Answer {
 public:
  Answer(const Publications& publications, const OaiNode& node, const OaiArguments& arguments,
         const FilesShown& files_shown, std::int64_t part_count)
      : publications_(publications),
        node_(node),
        arguments_(arguments),
        files_shown_(files_shown),
        part_count_(part_count) {}

  Result<std::string> document(UtcTime now) {
    if (check_arguments()) ORIEL_TRY(add_answer());
    std::string xml;
    xml.reserve(body_.size() + 1'024);
    xml +=
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\""
        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
        " xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/"
        " http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd\">\n";
    append_element(xml, "responseDate", oai_time(now));
    xml += "\n<request";
    if (echoed_)
      for (const auto& [name, value] : given_) append_attribute(xml, name, value);
    xml += ">";
    append_escaped(xml, node_.base_url);
    xml += "</request>\n";
    if (errors_.empty() && verb_ != nullptr) {
      xml.append("<").append(verb_->name).append(">\n").append(body_);
      xml.append("</").append(verb_->name).append(">\n");
    }
    xml += errors_;
    return xml + "</OAI-PMH>\n";
  }

 private:
  void refuse(std::string_view code, std::string_view text) {
    // O3: the arguments are not repeated where they cannot be told apart.
    if (code == "badVerb" || code == "badArgument") echoed_ = false;
    errors_ += "<error";
    append_attribute(errors_, "code", code);
    errors_ += ">";
    append_escaped(errors_, text);
    errors_ += "</error>\n";
  }

  const std::string* find(std::string_view name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? nullptr : &found->second;
  }

  bool check_arguments() {
    std::vector<std::string> repeated;
    for (const auto& [name, value] : arguments_)
      if (!given_.emplace(name, value).second) repeated.push_back(name);
    const auto* const asked = find("verb");
    const bool twice = std::find(repeated.begin(), repeated.end(), "verb") != repeated.end();
    for (const auto& verb : verbs())
      if (asked != nullptr && !twice && *asked == verb.name) verb_ = &verb;
    if (verb_ == nullptr) {
      refuse("badVerb", asked == nullptr ? "There is no verb."
                        : twice          ? "There is more than one verb."
                                         : "This is no verb of OAI-PMH 2.0.");
      return false;
    }
    for (const auto& name : repeated) refuse("badArgument", name + " is given more than once.");
    const bool by_token = verb_->takes_token && find("resumptionToken") != nullptr;
    for (const auto& [name, value] : given_) {
      if (name == "verb" || (by_token && name == "resumptionToken")) continue;
      if (by_token)
        refuse("badArgument", "resumptionToken stands alone: " + name + " is in it.");
      else if (!contains(verb_->required, name) && !contains(verb_->optional, name))
        refuse("badArgument", name + " is no argument of this verb.");
    }
    if (!by_token)
      for (const auto name : verb_->required)
        if (find(name) == nullptr) refuse("badArgument", std::string(name) + " is missing.");
    check_values();
    return errors_.empty();
  }

  // The shape of what is given, whatever the verb.
  void check_values() {
    if (const auto* prefix = find("metadataPrefix"); prefix != nullptr && !is_prefix(*prefix))
      refuse("badArgument", "metadataPrefix is malformed.");
    if (const auto* set = find("set"); set != nullptr && !is_set_spec(*set))
      refuse("badArgument", "set is malformed.");
    if (const auto* identifier = find("identifier");
        identifier != nullptr && !is_identifier(*identifier))
      refuse("badArgument", "identifier is malformed.");
  }

  Result<void> add_answer() {
    if (verb_->name == "Identify") return identify();
    if (verb_->name == "ListMetadataFormats") return list_formats();
    if (verb_->name == "ListSets") return list_sets();
    if (verb_->name == "GetRecord") return get_record();
    return list_records();
  }

  Result<void> identify() {
    ORIEL_TRY_ASSIGN(const auto earliest, publications_.earliest());
    append_element(body_, "repositoryName", node_.name);
    append_element(body_, "baseURL", node_.base_url);
    append_element(body_, "protocolVersion", "2.0");
    append_element(body_, "adminEmail", node_.admin_email);
    // Nothing in an empty repository is older than the first second there was.
    append_element(body_, "earliestDatestamp", oai_time(earliest.value_or(UtcTime{0})));
    append_element(body_, "deletedRecord", "persistent");
    append_element(body_, "granularity", "YYYY-MM-DDThh:mm:ssZ");
    if (node_.domain.empty()) return {};
    body_ +=
        "<description><oai-identifier xmlns=\"http://www.openarchives.org/OAI/2.0/oai-identifier\""
        " xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/oai-identifier"
        " http://www.openarchives.org/OAI/2.0/oai-identifier.xsd\">";
    append_element(body_, "scheme", "oai");
    append_element(body_, "repositoryIdentifier", node_.domain);
    append_element(body_, "delimiter", ":");
    append_element(body_, "sampleIdentifier",
                   record_identifier(node_, "01kay0vv3se5cn2m9y7q8t4xw6"));
    body_ += "</oai-identifier></description>\n";
    return {};
  }

  void add_format(std::string_view prefix, std::string_view schema, std::string_view space) {
    body_ += "<metadataFormat>";
    append_element(body_, "metadataPrefix", prefix);
    append_element(body_, "schema", schema);
    append_element(body_, "metadataNamespace", space);
    body_ += "</metadataFormat>\n";
  }

  // The record of an identifier; absent, and refused, when there is none.
  Result<std::optional<Publication>> load(const std::string& identifier) {
    const auto id = work_of_identifier(node_, identifier);
    Result<Publication> loaded = fail(ErrorKind::not_found, "");
    if (!id.empty()) loaded = publications_.load(id);
    if (loaded) return std::optional(std::move(*loaded));
    if (loaded.error().kind != ErrorKind::not_found) return fail(std::move(loaded).error());
    refuse("idDoesNotExist", "There is no such record here.");
    return std::optional<Publication>();
  }

  Result<void> list_formats() {
    if (const auto* identifier = find("identifier")) {
      ORIEL_TRY_ASSIGN(const auto publication, load(*identifier));
      if (!publication) return {};
    }
    add_format("oai_dc", kDublinCoreSchema, kDublinCoreNamespace);
    add_format("lrmi", node_.base_url + "/lrmi.xsd", kLrmiNamespace);
    return {};
  }

  Result<void> list_sets() {
    if (find("resumptionToken") != nullptr) {
      refuse("badResumptionToken", "All sets are given at once.");
      return {};
    }
    ORIEL_TRY_ASSIGN(const auto sets, publications_.list_sets());
    for (const auto& set : sets) {
      body_ += "<set>";
      append_element(body_, "setSpec", set.spec);
      append_element(body_, "setName", set.name);
      body_ += "</set>\n";
    }
    return {};
  }

  Result<void> get_record() {
    const auto format = format_of(*find("metadataPrefix"));
    ORIEL_TRY_ASSIGN(auto publication, load(*find("identifier")));
    if (!format) refuse("cannotDisseminateFormat", "The formats here are oai_dc and lrmi.");
    if (!publication || !format) return {};
    std::vector<Publication> page;
    page.push_back(std::move(*publication));
    ORIEL_TRY_ASSIGN(const auto names, publications_.names_of(page));
    append_record(body_, {node_, names, files_shown_}, *format, page.front());
    return {};
  }

  void refuse_token() {
    refuse("badResumptionToken", "This is no token of a list of this repository.");
  }

  // What is asked for; absent, and refused, when it cannot be.
  std::optional<Listing> listing() {
    const bool headers_only = verb_->name == "ListIdentifiers";
    Listing listing;
    if (const auto* text = find("resumptionToken")) {
      auto token = parse_token(*text);
      const auto format = token ? format_of(token->prefix) : std::nullopt;
      if (!format || token->headers_only != headers_only) {
        refuse_token();
        return std::nullopt;
      }
      return Listing{*format, std::move(*token), true};
    }
    listing.at.headers_only = headers_only;
    listing.at.prefix = *find("metadataPrefix");
    if (const auto* set = find("set")) listing.at.set = *set;
    if (!read_dates(listing.at)) return std::nullopt;
    const auto format = format_of(listing.at.prefix);
    if (!format) {
      refuse("cannotDisseminateFormat", "The formats here are oai_dc and lrmi.");
      return std::nullopt;
    }
    listing.format = *format;
    return listing;
  }

  bool read_dates(OaiToken& at) {
    at.from_us = std::numeric_limits<std::int64_t>::min() + 1;
    at.end_us = std::numeric_limits<std::int64_t>::max();
    std::optional<OaiDate> dates[2];
    constexpr std::array<std::string_view, 2> kNames = {"from", "until"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const auto* text = find(kNames[i]);
      if (text == nullptr) continue;
      const auto date = parse_oai_date(*text);
      if (!date) {
        refuse("badArgument", std::string(kNames[i]) + ": " + date.error().message + ".");
        return false;
      }
      dates[i] = *date;
    }
    if (dates[0]) at.from_us = dates[0]->begin_us;
    if (dates[1]) at.end_us = dates[1]->end_us;
    if (dates[0] && dates[1] && dates[0]->is_day != dates[1]->is_day) {
      refuse("badArgument", "from and until are of different granularity.");
      return false;
    }
    if (at.from_us >= at.end_us) {
      refuse("badArgument", "from is later than until.");
      return false;
    }
    at.after = PublicationKey::before(UtcTime{at.from_us});
    return true;
  }

  Result<void> list_records() {
    const auto listing = this->listing();
    if (!listing) return {};
    const auto& at = listing->at;
    commons::PublicationRequest request{at.set, at.after, at.end_us, part_count_ + 1};
    ORIEL_TRY_ASSIGN(auto page, publications_.list(request));
    if (page.empty()) {
      refuse("noRecordsMatch", "Nothing here is of this set and these dates.");
      return {};
    }
    const bool more = static_cast<std::int64_t>(page.size()) > part_count_;
    if (more) page.pop_back();
    ORIEL_TRY(add_page(*listing, page));
    if (!more && !listing->by_token) return {};
    OaiToken next = at;
    next.after = {page.back().work.changed_at.us, page.back().work.id};
    next.cursor = at.cursor + static_cast<std::int64_t>(page.size());
    if (!listing->by_token) {
      ORIEL_TRY_ASSIGN(next.size, publications_.count(request));
    }
    body_ += "<resumptionToken";
    append_attribute(body_, "completeListSize", std::to_string(next.size));
    append_attribute(body_, "cursor", std::to_string(at.cursor));
    body_ += ">";
    if (more) append_escaped(body_, format_token(next));
    body_ += "</resumptionToken>\n";
    return {};
  }

  Result<void> add_page(const Listing& listing, const std::vector<Publication>& page) {
    constexpr std::size_t kRecordBytes = 2'500;
    if (listing.at.headers_only) {
      for (const auto& publication : page) {
        append_header(body_, node_, publication);
        body_ += "\n";
      }
      return {};
    }
    body_.reserve(page.size() * kRecordBytes);
    ORIEL_TRY_ASSIGN(const auto names, publications_.names_of(page));
    const RecordContext context{node_, names, files_shown_};
    for (const auto& publication : page) append_record(body_, context, listing.format, publication);
    return {};
  }

  const Publications& publications_;
  const OaiNode& node_;
  const OaiArguments& arguments_;
  const FilesShown& files_shown_;
  const std::int64_t part_count_;
  std::map<std::string, std::string, std::less<>> given_;
  const Verb* verb_ = nullptr;
  bool echoed_ = true;
  std::string errors_;
  std::string body_;
};

}  // namespace

Result<std::string> OaiProvider::answer(const OaiNode& node, const OaiArguments& arguments,
                                        const FilesShown& files_shown) const {
  return Answer(publications_, node, arguments, files_shown, options_.part_count)
      .document(clock_.now());
}

}  // namespace oriel::exchange
