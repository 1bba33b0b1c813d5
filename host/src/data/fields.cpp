// Draws classes told apart by smooth random fields: related classes (a group) share a field and differ by a weaker one of their own.
// Samples are shifted, scaled, mixed with another class and noisy. Exactly rounded operations only, no fused multiply-adds.
#pragma GCC optimize("fp-contract=off")
#include "../abi.hpp"
#include "../parallel.hpp"
#include "philox.hpp"
#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using crema::RecordDraws;

struct Frame {
  int64_t channels, height, width;
  int64_t plane() const { return height * width; }
  int64_t size() const { return channels * plane(); }
};

// 1 4 6 4 1 over 16 along the lines of a cyclic plane.
void blur(float *plane, int64_t lines, int64_t length, int64_t line_stride, int64_t stride, std::vector<float> &row) {
  row.resize(size_t(length));
  for (int64_t a = 0; a < lines; a++) {
    float *line = plane + a * line_stride;
    for (int64_t b = 0; b < length; b++) row[size_t(b)] = line[b * stride];
    const auto at = [&](int64_t b) { return row[size_t((b + 2 * length) % length)]; };
    for (int64_t b = 0; b < length; b++)
      line[b * stride] = (at(b - 2) + at(b + 2) + 4 * (at(b - 1) + at(b + 1)) + 6 * at(b)) * 0.0625f;
  }
}

// White noise, blurred along both axes, scaled to a mean square of 1.
void smoothField(RecordDraws draws, const Frame &frame, float *out) {
  for (int64_t i = 0; i < frame.size(); i++) out[i] = draws.bell();
  std::vector<float> row;
  for (int64_t c = 0; c < frame.channels; c++) {
    float *plane = out + c * frame.plane();
    blur(plane, frame.height, frame.width, frame.width, 1, row);
    blur(plane, frame.width, frame.height, 1, frame.width, row);
  }
  double square = 0;
  for (int64_t i = 0; i < frame.size(); i++) square += double(out[i]) * out[i];
  const float factor = float(1 / std::sqrt(square / double(frame.size())));
  for (int64_t i = 0; i < frame.size(); i++) out[i] *= factor;
}

// out += weight * mean, moved cyclically by (dy, dx).
void addShifted(const Frame &frame, const float *mean, int dy, int dx, float weight, float *out) {
  for (int64_t c = 0; c < frame.channels; c++) {
    for (int64_t y = 0; y < frame.height; y++) {
      const float *from = mean + c * frame.plane() + (y + dy + frame.height) % frame.height * frame.width;
      float *to = out + c * frame.plane() + y * frame.width;
      for (int64_t x = 0; x < frame.width; x++) to[x] += weight * from[(x + dx + frame.width) % frame.width];
    }
  }
}

constexpr float kOwnField = 0.6f;    // a class' own field against its group's
constexpr float kNoise = 1.5f;       // deviation of the noise
constexpr float kLevels = 16.0f;     // grey levels a unit; 128 is zero, so that +-8 units fit a byte

void drawRecord(RecordDraws draws, const Frame &frame, const float *means, int64_t classes, int64_t label, uint8_t *out) {
  std::vector<float> sample(size_t(frame.size()), 0.0f);
  const int dy = draws.integer(5) - 2, dx = draws.integer(5) - 2;
  addShifted(frame, means + label * frame.size(), dy, dx, draws.uniform(.7f, 1.3f), sample.data());
  if (classes > 1) {
    const int64_t other = (label + 1 + draws.integer(int(classes - 1))) % classes;
    const int oy = draws.integer(5) - 2, ox = draws.integer(5) - 2;
    addShifted(frame, means + other * frame.size(), oy, ox, draws.uniform(0, .9f), sample.data());
  }
  for (int64_t i = 0; i < frame.size(); i++) {
    const float level = std::floor(128.5f + kLevels * (sample[size_t(i)] + kNoise * draws.bell()));
    out[i] = uint8_t(std::clamp(level, 0.0f, 255.0f));
  }
}

} // namespace

// Means of `classes` classes in `groups` groups of neighbours: [classes][channels][height][width].
CREMA_API void crema_field_means(uint64_t seed, uint32_t stream, int64_t classes, int64_t groups, int64_t channels,
                                 int64_t height, int64_t width, float *means) {
  const Frame frame{channels, height, width};
  std::vector<float> shared(size_t(frame.size()));
  for (int64_t k = 0; k < classes; k++) {
    const int64_t members = classes / groups;
    if (k % members == 0) smoothField(RecordDraws(seed, stream, uint64_t(classes + k / members)), frame, shared.data());
    float *mean = means + k * frame.size();
    smoothField(RecordDraws(seed, stream, uint64_t(k)), frame, mean);
    for (int64_t i = 0; i < frame.size(); i++) mean[i] = shared[size_t(i)] + kOwnField * mean[i];
  }
}

// Records of the given numbers, [count][channels][height][width]. Record n shows class n mod classes.
CREMA_API void crema_fields(uint64_t seed, uint32_t stream, const float *means, int64_t classes, const int64_t *numbers,
                            int64_t count, int64_t channels, int64_t height, int64_t width, uint8_t *out) {
  const Frame frame{channels, height, width};
  crema::parallelFor(count, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      drawRecord(RecordDraws(seed, stream, uint64_t(numbers[i])), frame, means, classes, numbers[i] % classes,
                 out + i * frame.size());
  });
}
