// Draws colour images of classes told apart by shape, texture, direction and hue, at random places, sizes and colours:
// class means are alike, so no linear classifier gets far, and a small CNN does. Exactly rounded operations only.
#pragma GCC optimize("fp-contract=off")
#include "../abi.hpp"
#include "../parallel.hpp"
#include "philox.hpp"
#include <algorithm>
#include <cmath>

namespace {

using crema::RecordDraws;

// Inside one of five outlines, in coordinates where the figure fits [-1, 1].
bool inside(int shape, float u, float v) {
  const float au = std::fabs(u), av = std::fabs(v), r2 = u * u + v * v;
  switch (shape) {
    case 0: return r2 < .9f;
    case 1: return std::max(au, av) < .8f;
    case 2: return v < .75f && v > -.9f && au < (v + .9f) * .58f;
    case 3: return std::min(au, av) < .27f && std::max(au, av) < .95f;
    default: return r2 < .95f && r2 > .3f;
  }
}

// Light or dark phase of one of four textures; `pitch` in pixels, along the direction (cosine, sine).
bool dark(int texture, float x, float y, float pitch) {
  const auto odd = [pitch](float a) { return (int(std::floor(a / pitch)) & 1) != 0; };
  switch (texture) {
    case 0: return false;
    case 1: return odd(x);
    case 2: return odd(x) != odd(y);
    default: return odd(x) && odd(y);
  }
}

// Cosines and sines of 0, 36, 72, 108 and 144 degrees: the directions of class-bound textures.
constexpr float kCosine[5] = {1, .809017f, .309017f, -.309017f, -.809017f};
constexpr float kSine[5] = {0, .587785f, .951057f, .951057f, .587785f};

struct Canvas {
  int64_t channels, height, width, classes;
};

void draw(RecordDraws draws, const Canvas &canvas, uint8_t *out, float *label) {
  const int k = draws.integer(int(canvas.classes));
  *label = float(k);
  const int shape = k % 5, texture = (k / 5) % 4, direction = (k / 20) % 5, hue = (k / 100) % 10;
  const float short_side = float(std::min(canvas.height, canvas.width));

  const float half = short_side * draws.uniform(.26f, .42f);
  const float cx = float(canvas.width) * .5f + short_side * draws.uniform(-.14f, .14f);
  const float cy = float(canvas.height) * .5f + short_side * draws.uniform(-.14f, .14f);
  const float t = draws.uniform(-.15f, .15f), cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  const float pitch = std::max(1.5f, short_side * draws.uniform(.055f, .085f));
  const float tc = kCosine[direction], ts = kSine[direction], phase = draws.uniform(0, 2 * pitch);
  // Above 100 classes the hue says more: one channel of the figure is held near a level of its own.
  float figure[3], ground[3], slope_x[3], slope_y[3];
  for (int c = 0; c < 3; c++) {
    ground[c] = draws.uniform(40, 215);
    const float step = draws.uniform(55, 110);
    figure[c] = draws.bits() & 1u ? ground[c] + step : ground[c] - step;
    slope_x[c] = draws.uniform(-40, 40) / float(canvas.width);
    slope_y[c] = draws.uniform(-40, 40) / float(canvas.height);
  }
  if (canvas.classes > 100) figure[hue % 3] = 20 + 24 * float(hue) + draws.uniform(-8, 8);
  const float noise = draws.uniform(.15f, .5f);

  const int64_t plane = canvas.height * canvas.width;
  for (int64_t y = 0; y < canvas.height; y++) {
    for (int64_t x = 0; x < canvas.width; x++) {
      const float px = float(x) + .5f - cx, py = float(y) + .5f - cy;
      const bool in = inside(shape, (cosine * px + sine * py) / half, (cosine * py - sine * px) / half);
      const bool shade = in && dark(texture, tc * px + ts * py + phase, tc * py - ts * px + phase, pitch);
      uint32_t word = 0;
      for (int64_t c = 0; c < canvas.channels; c++) {
        if (c % 4 == 0) word = draws.bits();
        const int s = int(c % 3);
        const float base = in && !shade ? figure[s] : ground[s];
        const float value = base + px * slope_x[s] + py * slope_y[s] + noise * (float(word >> (c % 4 * 8) & 255) - 127.5f);
        out[c * plane + y * canvas.width + x] = uint8_t(std::clamp(value, 0.0f, 255.0f));
      }
    }
  }
}

} // namespace

// Images `first` to first + count - 1 of the endless set (seed, stream): count x [channels][height][width] and labels below `classes`.
CREMA_API void crema_images(uint64_t seed, uint32_t stream, uint64_t first, int64_t count, int64_t channels, int64_t height,
                            int64_t width, int64_t classes, uint8_t *out, float *labels) {
  const Canvas canvas{channels, height, width, classes};
  crema::parallelFor(count, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      draw(RecordDraws(seed, stream, first + uint64_t(i)), canvas, out + i * channels * height * width, labels + i);
  });
}
