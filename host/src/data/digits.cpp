// Draws handwritten-like digits: pen strokes, jittered, sheared and turned, bent by a smooth random field, inked with a round pen.
// Every operation is an exactly rounded one (no libm, no contraction), so a seed gives the same bytes on every machine.
#pragma GCC optimize("fp-contract=off")
#include "../abi.hpp"
#include "../parallel.hpp"
#include "glyphs.hpp"
#include "philox.hpp"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

using crema::RecordDraws;
using crema::glyphs::Point;
constexpr int kSide = 28;
constexpr int kPieces = 6; // straight pieces between two points of a curve

// Displacement in pixels on a 5 x 5 grid over the image, smoothly interpolated.
struct Bend {
  float dx[25], dy[25];
  Bend(RecordDraws &draws, float strength) {
    for (int i = 0; i < 25; i++) {
      dx[i] = draws.bell() * strength;
      dy[i] = draws.bell() * strength;
    }
  }
  Point operator()(Point p) const {
    const float gx = std::clamp(p.x * (4.0f / kSide), 0.0f, 3.999f), gy = std::clamp(p.y * (4.0f / kSide), 0.0f, 3.999f);
    const int i = int(gy) * 5 + int(gx);
    float fx = gx - float(int(gx)), fy = gy - float(int(gy));
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    const auto mix = [&](const float *d) {
      const float top = d[i] + (d[i + 1] - d[i]) * fx, bottom = d[i + 5] + (d[i + 6] - d[i + 5]) * fx;
      return top + (bottom - top) * fy;
    };
    return {p.x + mix(dx), p.y + mix(dy)};
  }
};

struct Ink {
  float level[kSide * kSide] = {};

  // A straight piece of a pen line of radius r, its edge one pixel soft.
  void line(Point a, Point b, float r, float strength) {
    const float reach = r + 1;
    const int left = std::max(0, int(std::min(a.x, b.x) - reach)), right = std::min(kSide - 1, int(std::max(a.x, b.x) + reach));
    const int top = std::max(0, int(std::min(a.y, b.y) - reach)), bottom = std::min(kSide - 1, int(std::max(a.y, b.y) + reach));
    const float vx = b.x - a.x, vy = b.y - a.y;
    const float length2 = vx * vx + vy * vy, inverse = length2 > 0 ? 1 / length2 : 0;
    for (int y = top; y <= bottom; y++) {
      for (int x = left; x <= right; x++) {
        const float px = float(x) + .5f - a.x, py = float(y) + .5f - a.y;
        const float t = std::clamp((px * vx + py * vy) * inverse, 0.0f, 1.0f);
        const float ex = px - t * vx, ey = py - t * vy;
        const float cover = std::clamp(r + .5f - std::sqrt(ex * ex + ey * ey), 0.0f, 1.0f) * strength;
        float &cell = level[y * kSide + x];
        cell = std::max(cell, cover);
      }
    }
  }
};

// The spline of Catmull and Rom through p1 and p2 with neighbours p0 and p3.
Point spline(Point p0, Point p1, Point p2, Point p3, float t) {
  const auto axis = [t](float a, float b, float c, float d) {
    return .5f * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
  };
  return {axis(p0.x, p1.x, p2.x, p3.x), axis(p0.y, p1.y, p2.y, p3.y)};
}

void draw(uint64_t seed, uint32_t stream, uint64_t record, uint8_t *out, float *label) {
  RecordDraws draws(seed, stream, record);
  const int digit = draws.integer(10);
  *label = float(digit);
  const auto &glyph = crema::glyphs::kDigits[digit];
  const auto &style = glyph.style[draws.integer(glyph.styles)];

  // Turn by up to 17 degrees: (1 - t^2, 2t)/(1 + t^2) are cosine and sine of twice atan(t).
  const float t = draws.uniform(-.15f, .15f), cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  const float shear = draws.uniform(-.25f, .35f);
  const float tall = draws.uniform(16, 21), wide = draws.uniform(9.5f, 16);
  const float cx = 14 + draws.uniform(-2.2f, 2.2f), cy = 14 + draws.uniform(-2.2f, 2.2f);
  const float pen = draws.uniform(.8f, 1.7f), strength = draws.uniform(.75f, 1);
  const Bend bend(draws, draws.uniform(.3f, 1.0f));

  Ink ink;
  for (int s = 0; s < style.strokes; s++) {
    const auto &stroke = style.stroke[s];
    Point at[crema::glyphs::kMostPoints];
    for (int i = 0; i < stroke.points; i++) {
      const float u = (stroke.at[i].x - .5f + draws.bell() * .025f) * wide, v = (stroke.at[i].y - .5f + draws.bell() * .025f) * tall;
      const float x = u - shear * v;
      at[i] = {cx + cosine * x - sine * v, cy + sine * x + cosine * v};
    }
    Point from = bend(at[0]);
    for (int i = 0; i + 1 < stroke.points; i++) {
      const Point before = at[i > 0 ? i - 1 : 0], after = at[std::min(i + 2, stroke.points - 1)];
      for (int k = 1; k <= kPieces; k++) {
        const Point to = bend(spline(before, at[i], at[i + 1], after, float(k) / kPieces));
        ink.line(from, to, pen, strength);
        from = to;
      }
    }
  }
  // Half of the images carry a stray mark near a border.
  if (draws.bits() & 1u) {
    const float along = draws.uniform(0, 28), in = draws.uniform(0, 4), to = along + draws.uniform(-5, 5);
    const int side = draws.integer(4);
    const float a = side < 2 ? in : 28 - in;
    const Point p = side & 1 ? Point{along, a} : Point{a, along}, q = side & 1 ? Point{to, a} : Point{a, to};
    ink.line(p, q, .5f, draws.uniform(.4f, 1));
  }

  const float noise = draws.uniform(.01f, .08f) * (255 / 147.8f); // the sum of four bytes has sigma 147.8
  for (int i = 0; i < kSide * kSide; i++) {
    const uint32_t w = draws.bits();
    const int sum = int(w & 255) + int(w >> 8 & 255) + int(w >> 16 & 255) + int(w >> 24) - 510;
    out[i] = uint8_t(std::clamp(ink.level[i] * 255 + noise * float(sum), 0.0f, 255.0f));
  }
}

} // namespace

// Digits `first` to first + count - 1 of the endless set (seed, stream): count x [28][28] grey levels and their labels 0-9.
CREMA_API void crema_digits(uint64_t seed, uint32_t stream, uint64_t first, int64_t count, uint8_t *out, float *labels) {
  crema::parallelFor(count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) draw(seed, stream, first + uint64_t(i), out + i * kSide * kSide, labels + i);
  });
}
