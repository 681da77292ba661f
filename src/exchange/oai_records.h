// A Work as a record of OAI-PMH: the header, and what it is in Dublin Core or in LRMI's words.
//
// "oai_dc" is for every harvester. "lrmi" says what the page of a Work says in schema.org's words,
// as XML: an element by the name of each property, under a namespace of our own, since schema.org
// has no XML; its schema is lrmi_schema(), which each node gives at /oai/lrmi.xsd.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "commons/publications.h"

namespace oriel::exchange {

// The repository as its answers name it. Addresses are absolute.
struct OaiNode {
  std::string name;
  std::string base_url;     // ends with "/oai"
  std::string works;        // what the addresses of Works begin with
  std::string files;        // those of files
  std::string admin_email;  // mail@window.example
  std::string domain;       // "window.example"; "": identifiers are addresses
};

// Whether everybody may have the files of a Work that is published.
using FilesShown = std::function<bool(const commons::Work&)>;

// What a page of records is written from.
struct RecordContext {
  const OaiNode& node;
  const commons::Names& names;
  const FilesShown& files_shown;
};

enum class RecordFormat { oai_dc, lrmi };

inline constexpr std::string_view kDublinCoreNamespace =
    "http://www.openarchives.org/OAI/2.0/oai_dc/";
inline constexpr std::string_view kDublinCoreSchema =
    "http://www.openarchives.org/OAI/2.0/oai_dc.xsd";
inline constexpr std::string_view kLrmiNamespace = "urn:oriel:lrmi:1";
// XML Schema 1.0 of the second format.
std::string_view lrmi_schema();

// "oai:window.example:works/01k…", or the address where the node has no name of its own.
std::string record_identifier(const OaiNode& node, std::string_view work);
// The Work of such an identifier; empty: it is none.
std::string work_of_identifier(const OaiNode& node, std::string_view identifier);

// Seconds of UTC: "2026-11-20T08:00:00Z".
std::string oai_time(UtcTime time);

void append_header(std::string& xml, const OaiNode& node, const commons::Publication& publication);
// The whole <record>; without metadata when it is gone.
void append_record(std::string& xml, const RecordContext& context, RecordFormat format,
                   const commons::Publication& publication);

}  // namespace oriel::exchange
