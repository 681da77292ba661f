// Figures as models: each limb is lathed around its axis, round at both ends. glTF 2.0, section 4.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

#include <fmt/format.h>

#include "demo/drawing.h"
#include "demo/fauna.h"

namespace oriel::demo {
namespace {

constexpr int kAround = 12;
constexpr int kCap = 3;  // rings of each round end

struct Vector {
  float x = 0, y = 0, z = 0;
};
Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector operator*(Vector a, float k) { return {a.x * k, a.y * k, a.z * k}; }

struct Mesh {
  std::vector<Vector> places;
  std::vector<Vector> normals;
  std::vector<Vector> colours;
  std::vector<std::uint16_t> corners;
};

// A ring of the lathe: how far along the axis, how far from it, and how its normal leans.
struct Ring {
  float along, radius, lean;
};

std::vector<Ring> rings_of(float length, float ra, float rb) {
  std::vector<Ring> rings;
  const float quarter = std::numbers::pi_v<float> / 2;
  for (int i = 0; i <= kCap; ++i) {
    const float angle = quarter * static_cast<float>(i) / kCap;
    rings.push_back({-ra * std::cos(angle), ra * std::sin(angle), -std::cos(angle)});
  }
  for (int i = 0; i <= kCap; ++i) {
    const float angle = quarter * static_cast<float>(kCap - i) / kCap;
    rings.push_back({length + rb * std::cos(angle), rb * std::sin(angle), std::cos(angle)});
  }
  return rings;
}

void add_limb(Mesh& mesh, Vector a, Vector b, float ra, float rb, Vector colour) {
  const float length = std::hypot(b.x - a.x, b.y - a.y);
  const Vector axis = length > 1e-5f ? (b + a * -1) * (1 / length) : Vector{1, 0, 0};
  const Vector side{-axis.y, axis.x, 0};  // limbs lie in planes of one z
  const Vector out{0, 0, 1};
  const auto first = mesh.places.size();
  const auto rings = rings_of(length, ra, rb);
  for (const auto& ring : rings) {
    for (int i = 0; i < kAround; ++i) {
      const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(i) / kAround;
      const Vector around = side * std::cos(angle) + out * std::sin(angle);
      mesh.places.push_back(a + axis * ring.along + around * ring.radius);
      mesh.normals.push_back(around * std::sqrt(std::max(0.0f, 1 - ring.lean * ring.lean)) +
                             axis * ring.lean);
      mesh.colours.push_back(colour);
    }
  }
  const auto corner = [&](std::size_t ring, int i) {
    return static_cast<std::uint16_t>(first + ring * kAround +
                                      static_cast<std::size_t>(i % kAround));
  };
  for (std::size_t ring = 0; ring + 1 < rings.size(); ++ring)
    for (int i = 0; i < kAround; ++i)
      for (const auto c : {corner(ring, i), corner(ring, i + 1), corner(ring + 1, i),
                           corner(ring, i + 1), corner(ring + 1, i + 1), corner(ring + 1, i)})
        mesh.corners.push_back(c);
}

Mesh mesh_of(const Figure& figure, float metres) {
  Mesh mesh;
  const float middle = (figure.left + figure.right) / 2;
  const auto place = [&](float x, float y, float z) {
    return Vector{(x - middle) * metres, (figure.bottom - y) * metres, z * metres};
  };
  const auto add = [&](const Limb& limb, float z) {
    const auto c = limb.reflectance;
    add_limb(mesh, place(limb.ax, limb.ay, z), place(limb.bx, limb.by, z), limb.ra * metres,
             limb.rb * metres, {c.r, c.g, c.b});
  };
  for (std::size_t i = 0; i < figure.count; ++i) {
    const auto& limb = figure.limbs[i];
    add(limb, limb.depth);
    if (limb.paired) add(limb, -limb.depth);
  }
  if (figure.eye_r > 0) {
    // On both sides of the head, which is about four times as thick.
    for (const float z : {-3.6f, 3.6f}) {
      const auto at = place(figure.eye_x, figure.eye_y, z * figure.eye_r);
      add_limb(mesh, at, at, figure.eye_r * 1.3f * metres, figure.eye_r * 1.3f * metres,
               {.01f, .008f, .006f});
    }
  }
  return mesh;
}

template <class T>
void append(Bytes& out, const std::vector<T>& values) {
  const auto at = out.size();
  out.resize(at + values.size() * sizeof(T));
  std::memcpy(out.data() + at, values.data(), values.size() * sizeof(T));
}

void append_le(Bytes& out, std::size_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::string document_of(const Mesh& mesh, std::string_view name, std::size_t bytes) {
  Vector low{1e9f, 1e9f, 1e9f};
  Vector high{-1e9f, -1e9f, -1e9f};
  for (const auto& p : mesh.places) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y), std::min(low.z, p.z)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y), std::max(high.z, p.z)};
  }
  const auto count = mesh.places.size();
  const auto vectors = count * sizeof(Vector);
  return fmt::format(
      R"({{"asset":{{"version":"2.0","generator":"Oriel"}},"scene":0,"scenes":[{{"nodes":[0]}}],)"
      R"("nodes":[{{"mesh":0,"name":"{0}"}}],"materials":[{{"pbrMetallicRoughness":)"
      R"({{"metallicFactor":0,"roughnessFactor":0.9}}}}],"meshes":[{{"name":"{0}","primitives":)"
      R"([{{"attributes":{{"POSITION":0,"NORMAL":1,"COLOR_0":2}},"indices":3,"material":0}}]}}],)"
      R"("accessors":[{{"bufferView":0,"componentType":5126,"count":{1},"type":"VEC3",)"
      R"("min":[{2},{3},{4}],"max":[{5},{6},{7}]}},)"
      R"({{"bufferView":1,"componentType":5126,"count":{1},"type":"VEC3"}},)"
      R"({{"bufferView":2,"componentType":5126,"count":{1},"type":"VEC3"}},)"
      R"({{"bufferView":3,"componentType":5123,"count":{8},"type":"SCALAR"}}],)"
      R"("bufferViews":[{{"buffer":0,"byteOffset":0,"byteLength":{9},"target":34962}},)"
      R"({{"buffer":0,"byteOffset":{9},"byteLength":{9},"target":34962}},)"
      R"({{"buffer":0,"byteOffset":{10},"byteLength":{9},"target":34962}},)"
      R"({{"buffer":0,"byteOffset":{11},"byteLength":{12},"target":34963}}],)"
      R"("buffers":[{{"byteLength":{13}}}]}})",
      name, count, low.x, low.y, low.z, high.x, high.y, high.z, mesh.corners.size(), vectors,
      2 * vectors, 3 * vectors, mesh.corners.size() * 2, bytes);
}

}  // namespace

Bytes animal_model(Species species) {
  Animal animal;
  animal.species = species;
  animal.height_px = 400;
  animal.variant = 1;
  animal.gait = 0.09;
  const auto habit = facts(species).habit;
  animal.posture = habit == Habit::swimming ? Posture::swimming : Posture::walking;
  const auto mesh =
      mesh_of(make_figure(animal), static_cast<float>(facts(species).height_m / animal.height_px));
  Bytes shapes;
  append(shapes, mesh.places);
  append(shapes, mesh.normals);
  append(shapes, mesh.colours);
  append(shapes, mesh.corners);
  const auto bytes = shapes.size();
  while (shapes.size() % 4 != 0) shapes.push_back(0);
  auto text = document_of(mesh, facts(species).common.en, bytes);
  while (text.size() % 4 != 0) text += ' ';
  Bytes out;
  for (const char c : std::string_view("glTF")) out.push_back(static_cast<std::uint8_t>(c));
  append_le(out, 2);
  append_le(out, 12 + 8 + text.size() + 8 + shapes.size());
  append_le(out, text.size());
  for (const char c : "JSON" + text) out.push_back(static_cast<std::uint8_t>(c));
  append_le(out, shapes.size());
  for (const char c : std::string_view("BIN\0", 4)) out.push_back(static_cast<std::uint8_t>(c));
  out.insert(out.end(), shapes.begin(), shapes.end());
  return out;
}

}  // namespace oriel::demo
