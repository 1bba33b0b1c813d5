// Caffe's transform_param in one pass: records of uint8 or float32 become a float32 batch, out = (in - mean) * scale.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "philox.hpp"
#include <cstring>

namespace {

// Record i begins at base + offset; a null base makes offsets addresses, so the sum is made on integers.
const uint8_t *place(const uint8_t *base, int64_t offset) {
  return reinterpret_cast<const uint8_t *>(reinterpret_cast<intptr_t>(base) + offset);
}

struct Window {
  int64_t top, left, height, width;
  bool mirror;
};

// One row; `Mean` is a stride of 0 (one value a channel) or 1 (a value a pixel).
template <typename T, int Mean, bool Mirror>
void row(const T *in, const float *mean, float scale, int64_t width, float *out) {
  for (int64_t x = 0; x < width; x++) {
    const float value = (static_cast<float>(in[x]) - mean[Mean * x]) * scale;
    out[Mirror ? width - 1 - x : x] = value;
  }
}

template <typename T, int Mean>
void record(const T *in, int64_t channels, int64_t height, int64_t width, const Window &window, const float *mean,
            float scale, float *out) {
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t y = 0; y < window.height; y++) {
      const int64_t at = (c * height + window.top + y) * width + window.left;
      const float *m = Mean ? mean + at : mean + c;
      float *to = out + (c * window.height + y) * window.width;
      if (window.mirror)
        row<T, Mean, true>(in + at, m, scale, window.width, to);
      else
        row<T, Mean, false>(in + at, m, scale, window.width, to);
    }
  }
}

} // namespace

// base + offsets[i] (bytes) is record i of [channels][heights[i]][widths[i]]; out is [count][channels][crop_h][crop_w].
// The caller has checked that every record holds the crop and that `mean` has `channels` values (per_pixel 0) or one per
// element of the record (per_pixel 1). random: 1 = the place of the crop is drawn, 0 = centred. Draws of record i are a
// function of (seed, stream, ordinal + i). Float records start on a multiple of four bytes.
CREMA_API void crema_transform(const uint8_t *base, const int64_t *offsets, int32_t is_float, int64_t count,
                               int64_t channels, const int32_t *heights, const int32_t *widths, int64_t crop_h,
                               int64_t crop_w, int32_t random, int32_t mirror, const float *mean, int32_t per_pixel,
                               float scale, uint64_t seed, uint32_t stream, uint64_t ordinal, float *out) {
  const int64_t elements = channels * crop_h * crop_w;
  crema::parallelFor(count, 1 + 65536 / (elements + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t height = heights[i], width = widths[i];
      Window window{(height - crop_h) / 2, (width - crop_w) / 2, crop_h, crop_w, false};
      if (random || mirror) {
        crema::RecordDraws draws(seed, stream, ordinal + uint64_t(i));
        window.mirror = mirror && (draws.bits() & 1u);
        if (random) {
          window.top = draws.integer(int(height - crop_h + 1));
          window.left = draws.integer(int(width - crop_w + 1));
        }
      }
      const uint8_t *in = place(base, offsets[i]);
      float *to = out + i * elements;
      if (is_float) {
        const float *values = reinterpret_cast<const float *>(in);
        if (per_pixel)
          record<float, 1>(values, channels, height, width, window, mean, scale, to);
        else
          record<float, 0>(values, channels, height, width, window, mean, scale, to);
      } else if (per_pixel) {
        record<uint8_t, 1>(in, channels, height, width, window, mean, scale, to);
      } else {
        record<uint8_t, 0>(in, channels, height, width, window, mean, scale, to);
      }
    }
  });
}

// Sums of a run of uint8 records, for mean images: sums[e] += record[e].
CREMA_API void crema_sum_records(const uint8_t *base, const int64_t *offsets, int32_t is_float, int64_t count,
                                 int64_t elements, double *sums) {
  for (int64_t i = 0; i < count; i++) {
    const uint8_t *in = place(base, offsets[i]);
    for (int64_t e = 0; e < elements; e++)
      sums[e] += is_float ? double(reinterpret_cast<const float *>(in)[e]) : double(in[e]);
  }
}
