#include "base/json.h"

#include <gtest/gtest.h>

namespace oriel {
namespace {

enum class Season { spring, winter };
BOOST_DESCRIBE_ENUM(Season, spring, winter)

struct Place {
  std::string name;
  std::optional<double> elevation_m;
  std::vector<int> counts;
  Season season = Season::spring;
  bool operator==(const Place&) const = default;
};
BOOST_DESCRIBE_STRUCT(Place, (), (name, elevation_m, counts, season))

TEST(Json, a_described_struct_round_trips) {
  const Place place{"Eling Lake", 4270.0, {1, 2}, Season::winter};
  EXPECT_EQ(json::serialize(to_json(place)),
            R"({"name":"Eling Lake","elevation_m":4.27E3,"counts":[1,2],"season":"winter"})");
  EXPECT_EQ(from_json<Place>(to_json(place)).value(), place);
}

TEST(Json, the_error_names_the_path) {
  const auto wrong =
      from_json<Place>(json::parse(R"({"name":"x","counts":[1,"2"],"season":"spring"})"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "counts[1]: expected a whole number");
  const auto unknown =
      from_json<Place>(json::parse(R"({"name":"x","counts":[],"season":"spring","y":1})"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "y: is not a known key");
  const auto missing = from_json<Place>(json::parse(R"({"counts":[],"season":"spring"})"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "name: is missing");
}

TEST(Json, the_schema_lists_what_is_required) {
  const auto schema = json_schema<Place>();
  EXPECT_EQ(json::serialize(schema.at("required")), R"(["name","counts","season"])");
  EXPECT_EQ(json::serialize(schema.at("properties").at("season")),
            R"({"type":"string","enum":["spring","winter"]})");
}

}  // namespace
}  // namespace oriel
