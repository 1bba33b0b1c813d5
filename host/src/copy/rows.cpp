// Copies of rows at strides: Concat, Slice, Tile, BatchReindex, Filter. Strides and lengths in elements.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace crema;

namespace {
int64_t grainOf(int64_t length) { return std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, length)); }
} // namespace

CREMA_API void crema_copy_rows(int64_t rows, int64_t length, const float *from, int64_t fromStride, float *to,
                               int64_t toStride) {
    parallelFor(rows, grainOf(length), [=](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++)
            std::memmove(to + r * toStride, from + r * fromStride, sizeof(float) * static_cast<size_t>(length));
    });
}

// Each of `rows` rows of `from` (length elements) is the sum of `tiles` consecutive rows of `tiled`.
CREMA_API void crema_sum_tiles(int64_t rows, int64_t length, int64_t tiles, const float *tiled, float *sum) {
    parallelFor(rows, grainOf(length * tiles), [=](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
            const float *from = tiled + r * tiles * length;
            float *to = sum + r * length;
            std::copy(from, from + length, to);
            for (int64_t t = 1; t < tiles; t++)
                for (int64_t i = 0; i < length; i++) to[i] += from[t * length + i];
        }
    });
}

CREMA_API void crema_repeat_tiles(int64_t rows, int64_t length, int64_t tiles, const float *from, float *tiled) {
    parallelFor(rows, grainOf(length * tiles), [=](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++)
            for (int64_t t = 0; t < tiles; t++)
                std::copy(from + r * length, from + (r + 1) * length, tiled + (r * tiles + t) * length);
    });
}

// Row r of `to` is row index[r] of `from`. bad[0]: the first r whose index is not in [0, fromRows), or -1 and all are copied.
CREMA_API void crema_gather_rows(int64_t rows, int64_t length, const float *index, const float *from, int64_t fromRows,
                                 float *to, double *bad) {
    for (int64_t r = 0; r < rows; r++) {
        if (index[r] > -1.0f && index[r] < static_cast<float>(fromRows)) continue;
        bad[0] = static_cast<double>(r);
        return;
    }
    bad[0] = -1;
    parallelFor(rows, grainOf(length), [=](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
            const float *row = from + static_cast<int64_t>(index[r]) * length;
            std::copy(row, row + length, to + r * length);
        }
    });
}

// Row index[r] of `to` receives row r of `from`, added in ascending order of r; rows nobody names become zero.
CREMA_API void crema_scatter_rows(int64_t rows, int64_t length, const float *index, const float *from, int64_t toRows,
                                  float *to) {
    std::fill(to, to + toRows * length, 0.0f);
    parallelFor(length, 1 << 12, [=](int64_t begin, int64_t end) {
        for (int64_t r = 0; r < rows; r++) {
            float *row = to + static_cast<int64_t>(index[r]) * length;
            for (int64_t i = begin; i < end; i++) row[i] += from[r * length + i];
        }
    });
}

// Lanes beyond the batch in the last block, where a function of zeros need not be finite (log, negative powers).
CREMA_API void crema_zero_padding(int64_t rest, int64_t lanes, int64_t used, float *block) {
    for (int64_t r = 0; r < rest; r++) std::fill(block + r * lanes + used, block + (r + 1) * lanes, 0.0f);
}
