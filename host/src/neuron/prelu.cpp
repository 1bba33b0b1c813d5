// PReLU (He et al. 2015): a learned slope per channel, or one for all. x lies as [outer][size][inner], lanes inside `inner`.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../reduce.hpp"

#include <vector>

CREMA_API void crema_prelu_forward(const float *x, const float *slope, float *y, int64_t outer, int64_t size,
                                   int64_t inner, int32_t shared) {
    crema::parallelFor(outer * size, 1 + 8192 / (inner + 1), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float a = slope[shared ? 0 : row % size];
            const float *in = x + row * inner;
            float *out = y + row * inner;
#pragma GCC ivdep
            for (int64_t i = 0; i < inner; i++) out[i] = in[i] < 0 ? a * in[i] : in[i];
        }
    });
}

CREMA_API void crema_prelu_backward_data(const float *x, const float *slope, const float *dy, float *dx, int64_t outer,
                                         int64_t size, int64_t inner, int32_t shared) {
    crema::parallelFor(outer * size, 1 + 8192 / (inner + 1), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float a = slope[shared ? 0 : row % size];
            const float *in = x + row * inner, *g = dy + row * inner;
            float *out = dx + row * inner;
#pragma GCC ivdep
            for (int64_t i = 0; i < inner; i++) out[i] = g[i] * (in[i] > 0 ? 1.0f : a);
        }
    });
}

// slopeDiff += sum of dy * x where x <= 0. `perBlock` = rows of the outer axis in one lane block.
CREMA_API void crema_prelu_backward_slope(const float *x, const float *dy, float *slopeDiff, int64_t outer, int64_t size,
                                          int64_t inner, int64_t lanes, int64_t batch, int32_t shared) {
    if (outer * size * inner == 0) return;
    const int64_t perBlock = outer / ((batch + lanes - 1) / lanes);
    std::vector<double> part(static_cast<size_t>(outer * size));
    crema::parallelFor(outer * size, 1 + 8192 / (inner + 1), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float *in = x + row * inner, *g = dy + row * inner;
            const int64_t valid = crema::validLanes(row / size / perBlock, lanes, batch);
            part[static_cast<size_t>(row)] =
                crema::sumRun(inner, lanes, valid, [=](int64_t i) { return in[i] > 0 ? 0.0f : g[i] * in[i]; });
        }
    });
    std::vector<double> total(static_cast<size_t>(shared ? 1 : size));
    for (int64_t row = 0; row < outer * size; row++) total[static_cast<size_t>(shared ? 0 : row % size)] += part[row];
    for (size_t i = 0; i < total.size(); i++) slopeDiff[i] += static_cast<float>(total[i]);
}
