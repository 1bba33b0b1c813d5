// Scale and Bias: y = x * scale + bias, the factors broadcast. x lies as [outer][size][inner], lanes inside `inner`.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../reduce.hpp"

#include <vector>

namespace {

// Rows worth a thread.
int64_t grain(int64_t inner) { return 1 + 8192 / (inner + 1); }

// Calls row(begin, end) over runs: with inner = 1 a run is `size` elements, with its factors side by side.
template <class Row> void overRows(int64_t outer, int64_t size, int64_t inner, Row row) {
    if (inner == 1)
        crema::parallelFor(outer, grain(size), [&](int64_t begin, int64_t end) {
            for (int64_t o = begin; o < end; o++) row(o * size, 0, size);
        });
    else
        crema::parallelFor(outer * size, grain(inner), [&](int64_t begin, int64_t end) {
            for (int64_t r = begin; r < end; r++) row(r * inner, r % size, inner);
        });
}

} // namespace

// bias may be NULL. y may be x.
CREMA_API void crema_scale_forward(const float *x, const float *scale, const float *bias, float *y, int64_t outer,
                                   int64_t size, int64_t inner) {
    overRows(outer, size, inner, [=](int64_t at, int64_t factor, int64_t n) {
        const float *in = x + at;
        float *out = y + at;
        if (inner == 1) {
            if (bias)
#pragma GCC ivdep
                for (int64_t i = 0; i < n; i++) out[i] = in[i] * scale[i] + bias[i];
            else
#pragma GCC ivdep
                for (int64_t i = 0; i < n; i++) out[i] = in[i] * scale[i];
        } else {
            const float s = scale[factor], b = bias ? bias[factor] : 0.0f;
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) out[i] = in[i] * s + b;
        }
    });
}

// dx = dy * scale; dx may be dy.
CREMA_API void crema_scale_backward_data(const float *dy, const float *scale, float *dx, int64_t outer, int64_t size,
                                         int64_t inner) {
    crema_scale_forward(dy, scale, nullptr, dx, outer, size, inner);
}

// y = x + bias; y may be x.
CREMA_API void crema_bias_forward(const float *x, const float *bias, float *y, int64_t outer, int64_t size, int64_t inner) {
    overRows(outer, size, inner, [=](int64_t at, int64_t factor, int64_t n) {
        const float *in = x + at;
        float *out = y + at;
        if (inner == 1) {
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) out[i] = in[i] + bias[i];
        } else {
            const float b = bias[factor];
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) out[i] = in[i] + b;
        }
    });
}

// scaleDiff += sum dy * x, biasDiff += sum dy, over everything but the factor's axes; either may be NULL.
// Padding lanes stay out. One sum per row, then rows in order, so threads do not change the result.
CREMA_API void crema_scale_backward_params(const float *x, const float *dy, float *scaleDiff, float *biasDiff, int64_t outer,
                                           int64_t size, int64_t inner, int64_t lanes, int64_t batch) {
    if (outer * size * inner == 0) return;
    const int64_t perBlock = outer / ((batch + lanes - 1) / lanes);
    std::vector<double> scalePart(scaleDiff ? static_cast<size_t>(outer * size) : 0);
    std::vector<double> biasPart(biasDiff ? static_cast<size_t>(outer * size) : 0);
    crema::parallelFor(outer * size, grain(inner), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float *in = x + row * inner, *g = dy + row * inner;
            const int64_t valid = crema::validLanes(row / size / perBlock, lanes, batch);
            if (inner == 1) {
                if (scaleDiff) scalePart[row] = static_cast<double>(g[0]) * in[0];
                if (biasDiff) biasPart[row] = g[0];
                continue;
            }
            if (scaleDiff && biasDiff) {
                const auto sums = crema::sumPair(inner, lanes, valid, [=](int64_t i, float &product, float &first) {
                    first = g[i];
                    product = g[i] * in[i];
                });
                scalePart[row] = sums.a;
                biasPart[row] = sums.b;
            } else if (scaleDiff) {
                scalePart[row] = crema::sumRun(inner, lanes, valid, [=](int64_t i) { return g[i] * in[i]; });
            } else if (biasDiff) {
                biasPart[row] = crema::sumRun(inner, lanes, valid, [=](int64_t i) { return g[i]; });
            }
        }
    });
    for (int64_t i = 0; i < size; i++) {
        double scaleSum = 0, biasSum = 0;
        for (int64_t o = 0; o < outer; o++) {
            if (scaleDiff) scaleSum += scalePart[o * size + i];
            if (biasDiff) biasSum += biasPart[o * size + i];
        }
        if (scaleDiff) scaleDiff[i] += static_cast<float>(scaleSum);
        if (biasDiff) biasDiff[i] += static_cast<float>(biasSum);
    }
}
