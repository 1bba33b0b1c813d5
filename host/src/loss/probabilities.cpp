#include "probabilities.hpp"
#include "../elementwise/functions.hpp"
#include "../parallel.hpp"

#include <algorithm>

namespace crema {
namespace {

void row(int64_t classes, const float *x, float *p) {
    float highest = x[0];
    for (int64_t c = 1; c < classes; c++) highest = std::max(highest, x[c]);
    for (int64_t c = 0; c < classes; c++) p[c] = exponential(x[c] - highest);
    float sum = 0;
    for (int64_t c = 0; c < classes; c++) sum += p[c];
    for (int64_t c = 0; c < classes; c++) p[c] /= sum;
}

constexpr int64_t TILE = 256;

// A strip of neighbouring columns at once, so that the inner loops run along memory.
void strip(int64_t classes, int64_t inner, int64_t width, const float *x, float *p) {
    float highest[TILE], sum[TILE];
    std::copy(x, x + width, highest);
    std::fill(sum, sum + width, 0.0f);
    for (int64_t c = 1; c < classes; c++)
        for (int64_t i = 0; i < width; i++) highest[i] = std::max(highest[i], x[c * inner + i]);
    for (int64_t c = 0; c < classes; c++)
        for (int64_t i = 0; i < width; i++) {
            const float e = exponential(x[c * inner + i] - highest[i]);
            p[c * inner + i] = e;
            sum[i] += e;
        }
    for (int64_t c = 0; c < classes; c++)
        for (int64_t i = 0; i < width; i++) p[c * inner + i] /= sum[i];
}

} // namespace

void probabilities(int64_t outer, int64_t classes, int64_t inner, const float *scores, float *probability) {
    const int64_t strips = (inner + TILE - 1) / TILE;
    const int64_t work = std::max<int64_t>(1, classes * std::min(inner, TILE));
    if (classes == 0) return;
    parallelFor(outer * strips, std::max<int64_t>(1, 8192 / work), [=](int64_t begin, int64_t end) {
        for (int64_t s = begin; s < end; s++) {
            const int64_t first = s % strips * TILE;
            const int64_t at = s / strips * classes * inner + first;
            if (inner == 1)
                row(classes, scores + at, probability + at);
            else
                strip(classes, inner, std::min(TILE, inner - first), scores + at, probability + at);
        }
    });
}

} // namespace crema
