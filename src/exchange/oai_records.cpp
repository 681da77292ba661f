#include "exchange/oai_records.h"

#include "commons/licence.h"
#include "commons/schema_org.h"
#include "exchange/xml.h"

namespace oriel::exchange {
namespace {

using commons::LocalisedText;
using commons::TermScheme;
using commons::Work;
using commons::WorkKind;

// Of the vocabulary of types of the Dublin Core Metadata Initiative.
std::string_view dcmi_type(WorkKind kind) {
  switch (kind) {
    case WorkKind::clip:
    case WorkKind::broadcast:
    case WorkKind::live_window:
      return "MovingImage";
    case WorkKind::still:
    case WorkKind::image:
      return "StillImage";
    case WorkKind::sound:
      return "Sound";
    case WorkKind::dataset:
      return "Dataset";
    case WorkKind::object:
      return "PhysicalObject";
    case WorkKind::book:
    case WorkKind::holding:
    case WorkKind::news:
      return "Text";
    case WorkKind::talk:
      return "Event";
    case WorkKind::travelling_exhibit:
    case WorkKind::pack:
      return "Collection";
    case WorkKind::courseware:
    case WorkKind::lesson:
    case WorkKind::exhibit:
    case WorkKind::model:
    case WorkKind::game:
      break;
  }
  return "InteractiveResource";
}

const char* name_of(WorkKind kind) { return boost::describe::enum_to_string(kind, ""); }

void append_texts(std::string& xml, std::string_view name, const LocalisedText& texts) {
  for (const auto& [language, text] : texts) append_element(xml, name, text, language);
}

// The names of a party, or none where it is gone.
const LocalisedText* party_name(const commons::Names& names, const std::string& id) {
  const auto found = names.parties.find(id);
  return found == names.parties.end() || !found->second ? nullptr : &found->second->name;
}

const commons::Term* find_term(const commons::Names& names, const std::string& uri) {
  const auto found = names.terms.find(uri);
  return found == names.terms.end() ? nullptr : found->second.get();
}

std::string date_of(UtcTime time) { return format_rfc3339(time).substr(0, 10); }

bool made_it(const commons::Maker& maker) {
  return !maker.role.starts_with("translator") && !maker.role.starts_with("editor") &&
         !maker.role.starts_with("contributor");
}

// By name in one language, since a harvester takes each element for one person.
std::string_view maker_name(const commons::Names& names, const commons::Maker& maker) {
  if (maker.party.empty()) return maker.name;
  const auto* name = party_name(names, maker.party);
  return name == nullptr ? std::string_view() : commons::text_in(*name, {});
}

void append_dublin_core(std::string& xml, const RecordContext& context, const Work& work) {
  xml +=
      "<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\""
      " xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
      " xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/oai_dc/"
      " http://www.openarchives.org/OAI/2.0/oai_dc.xsd\">";
  append_texts(xml, "dc:title", work.title);
  for (const auto& maker : work.makers)
    if (const auto name = maker_name(context.names, maker); !name.empty())
      append_element(xml, made_it(maker) ? "dc:creator" : "dc:contributor", name);
  for (const auto& uri : work.terms) {
    const auto* term = find_term(context.names, uri);
    if (term == nullptr || term->scheme == TermScheme::licence) continue;
    append_texts(xml, term->scheme == TermScheme::place ? "dc:coverage" : "dc:subject",
                 term->label);
  }
  append_texts(xml, "dc:description", work.about);
  for (const auto& steward : work.stewards)
    if (const auto* name = party_name(context.names, steward))
      append_element(xml, "dc:publisher", commons::text_in(*name, {}));
  if (work.published_at) append_element(xml, "dc:date", date_of(*work.published_at));
  if (!work.date.empty()) append_element(xml, "dc:coverage", work.date);
  append_element(xml, "dc:type", dcmi_type(work.kind));
  append_element(xml, "dc:type", name_of(work.kind));
  for (const auto& held : work.files) {
    const auto file = context.names.files.find(held.sha256);
    if (held.role == commons::FileRole::original && file != context.names.files.end())
      append_element(xml, "dc:format", file->second.type);
  }
  append_element(xml, "dc:identifier", context.node.works + work.id);
  for (const auto& [scheme, value] : work.identifiers)
    append_element(xml, "dc:identifier", scheme + ":" + value);
  for (const auto& source : work.derived_from)
    append_element(xml, "dc:source", context.node.works + source);
  for (const auto& language : work.languages) append_element(xml, "dc:language", language);
  for (const auto& part : commons::held_works(work))
    append_element(xml, "dc:relation", context.node.works + part);
  if (!work.licence.empty()) append_element(xml, "dc:rights", work.licence);
  if (!work.credit.empty()) append_element(xml, "dc:rights", work.credit);
  xml += "</oai_dc:dc>";
}

void append_concept(std::string& xml, std::string_view element, std::string_view uri,
                    const LocalisedText& label) {
  xml.append("<").append(element);
  append_attribute(xml, "id", uri);
  xml += ">";
  append_texts(xml, "prefLabel", label);
  xml.append("</").append(element).append(">");
}

void append_people(std::string& xml, const RecordContext& context, const Work& work) {
  for (const auto& maker : work.makers) {
    const auto* party = maker.party.empty() ? nullptr : party_name(context.names, maker.party);
    if (!maker.party.empty() && party == nullptr) continue;
    xml += "<creator";
    append_attribute(xml, "role", maker.role);
    xml += ">";
    if (party != nullptr)
      append_texts(xml, "name", *party);
    else
      append_element(xml, "name", maker.name);
    xml += "</creator>";
  }
  for (const auto& steward : work.stewards) {
    const auto* name = party_name(context.names, steward);
    if (name == nullptr) continue;
    xml += "<publisher";
    append_attribute(xml, "id", steward);
    xml += ">";
    append_texts(xml, "name", *name);
    xml += "</publisher>";
  }
}

void append_concepts(std::string& xml, const RecordContext& context, const Work& work,
                     bool levels) {
  for (const auto& uri : work.terms) {
    const auto* term = find_term(context.names, uri);
    if (term == nullptr || term->scheme == TermScheme::licence ||
        (term->scheme == TermScheme::level) != levels)
      continue;
    append_concept(xml, levels ? "educationalLevel" : "about", uri, term->label);
  }
}

void append_files(std::string& xml, const RecordContext& context, const Work& work) {
  if (work.files.empty() || !context.files_shown(work)) return;
  for (const auto& held : work.files) {
    const auto file = context.names.files.find(held.sha256);
    if (file == context.names.files.end() || held.role == commons::FileRole::preview) continue;
    xml += "<encoding>";
    append_element(xml, "contentUrl", context.node.files + held.sha256);
    append_element(xml, "encodingFormat", file->second.type);
    append_element(xml, "contentSize", std::to_string(file->second.bytes));
    append_element(xml, "sha256", held.sha256);
    xml += "</encoding>";
  }
}

void append_lrmi(std::string& xml, const RecordContext& context, const Work& work) {
  xml.append("<resource xmlns=\"").append(kLrmiNamespace).append("\" xsi:schemaLocation=\"");
  xml.append(kLrmiNamespace).append(" ");
  append_escaped(xml, context.node.base_url);
  xml += "/lrmi.xsd\"";
  append_attribute(xml, "id", context.node.works + work.id);
  xml += ">";
  for (const auto type : commons::schema_types(work.kind)) append_element(xml, "type", type);
  append_texts(xml, "name", work.title);
  append_texts(xml, "description", work.about);
  for (const auto& language : work.languages) append_element(xml, "inLanguage", language);
  if (!work.licence.empty()) {
    xml += "<license";
    append_attribute(xml, "id", work.licence);
    xml += "/>";
  }
  if (!work.credit.empty()) append_element(xml, "creditText", work.credit);
  append_people(xml, context, work);
  if (work.published_at) append_element(xml, "datePublished", format_rfc3339(*work.published_at));
  append_element(xml, "dateModified", format_rfc3339(work.changed_at));
  const auto& type = commons::resource_type(work.kind);
  append_concept(xml, "learningResourceType", type.uri, {{"en", type.label_en}});
  append_concepts(xml, context, work, true);
  append_concepts(xml, context, work, false);
  if (work.audience)
    append_element(xml, "typicalAgeRange",
                   std::to_string(work.audience->from) + "-" + std::to_string(work.audience->to));
  if (work.minutes) append_element(xml, "timeRequired", "PT" + std::to_string(*work.minutes) + "M");
  for (const auto& source : work.derived_from)
    append_element(xml, "isBasedOn", context.node.works + source);
  for (const auto& part : commons::held_works(work))
    append_element(xml, "hasPart", context.node.works + part);
  append_files(xml, context, work);
  xml += "</resource>";
}

}  // namespace

constexpr std::string_view kLrmiSchema = R"(<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:oriel:lrmi:1"
           targetNamespace="urn:oriel:lrmi:1" elementFormDefault="qualified">
  <xs:import namespace="http://www.w3.org/XML/1998/namespace"
             schemaLocation="http://www.w3.org/2001/xml.xsd"/>
  <xs:complexType name="text">
    <xs:simpleContent>
      <xs:extension base="xs:string"><xs:attribute ref="xml:lang"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="concept">
    <xs:sequence>
      <xs:element name="prefLabel" type="text" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="id" type="xs:anyURI" use="required"/>
  </xs:complexType>
  <xs:complexType name="party">
    <xs:sequence>
      <xs:element name="name" type="text" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="id" type="xs:string"/>
    <xs:attribute name="role" type="xs:string"/>
  </xs:complexType>
  <xs:complexType name="encoding">
    <xs:sequence>
      <xs:element name="contentUrl" type="xs:anyURI"/>
      <xs:element name="encodingFormat" type="xs:string"/>
      <xs:element name="contentSize" type="xs:nonNegativeInteger"/>
      <xs:element name="sha256">
        <xs:simpleType>
          <xs:restriction base="xs:string"><xs:pattern value="[0-9a-f]{64}"/></xs:restriction>
        </xs:simpleType>
      </xs:element>
    </xs:sequence>
  </xs:complexType>
  <xs:element name="resource">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="type" type="xs:string" maxOccurs="unbounded"/>
        <xs:element name="name" type="text" maxOccurs="unbounded"/>
        <xs:element name="description" type="text" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="inLanguage" type="xs:language" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="license" minOccurs="0">
          <xs:complexType><xs:attribute name="id" type="xs:anyURI" use="required"/></xs:complexType>
        </xs:element>
        <xs:element name="creditText" type="xs:string" minOccurs="0"/>
        <xs:element name="creator" type="party" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="publisher" type="party" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="datePublished" type="xs:dateTime" minOccurs="0"/>
        <xs:element name="dateModified" type="xs:dateTime"/>
        <xs:element name="learningResourceType" type="concept"/>
        <xs:element name="educationalLevel" type="concept" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="about" type="concept" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="typicalAgeRange" type="xs:string" minOccurs="0"/>
        <xs:element name="timeRequired" type="xs:duration" minOccurs="0"/>
        <xs:element name="isBasedOn" type="xs:anyURI" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="hasPart" type="xs:anyURI" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="encoding" type="encoding" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence>
      <xs:attribute name="id" type="xs:anyURI" use="required"/>
    </xs:complexType>
  </xs:element>
</xs:schema>
)";

std::string_view lrmi_schema() { return kLrmiSchema; }

std::string record_identifier(const OaiNode& node, std::string_view work) {
  if (node.domain.empty()) return node.works + std::string(work);
  return "oai:" + node.domain + ":works/" + std::string(work);
}

std::string work_of_identifier(const OaiNode& node, std::string_view identifier) {
  const auto before = record_identifier(node, "");
  if (!identifier.starts_with(before)) return "";
  return std::string(identifier.substr(before.size()));
}

std::string oai_time(UtcTime time) { return format_rfc3339(time).substr(0, 19) + "Z"; }

void append_header(std::string& xml, const OaiNode& node, const commons::Publication& publication) {
  const auto& work = publication.work;
  xml += publication.is_gone() ? "<header status=\"deleted\">" : "<header>";
  append_element(xml, "identifier", record_identifier(node, work.id));
  append_element(xml, "datestamp", oai_time(work.changed_at));
  for (const auto& set : publication.sets) append_element(xml, "setSpec", set);
  xml += "</header>";
}

void append_record(std::string& xml, const RecordContext& context, RecordFormat format,
                   const commons::Publication& publication) {
  xml += "<record>";
  append_header(xml, context.node, publication);
  if (!publication.is_gone()) {
    xml += "<metadata>";
    if (format == RecordFormat::oai_dc)
      append_dublin_core(xml, context, publication.work);
    else
      append_lrmi(xml, context, publication.work);
    xml += "</metadata>";
  }
  xml += "</record>\n";
}

}  // namespace oriel::exchange
