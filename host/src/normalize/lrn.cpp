// Local response normalisation across channels (Krizhevsky et al. 2012): scale = k + alpha / n * sum of x^2 over n channels
// around, y = x * scale^-beta. x lies as [blocks][channels][run], run = spatial size x lanes: no layout is special.
// Work goes in columns of kColumn positions x all channels, whose intermediate rows stay in cache; nothing is kept for backward.
#include "../abi.hpp"
#include "../elementary.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

constexpr int64_t kColumn = 128;

// scale^-beta; the beta of nearly every net has a form without logarithm.
template <bool ThreeQuarters> inline float power(float scale, float beta) {
    if (ThreeQuarters) {
        const float root = std::sqrt(scale);
        return 1 / (root * std::sqrt(root));
    }
    return crema::fastPow(scale, -beta);
}

// out[c] = sum of rows[c - pre .. c + post], rows of kColumn floats, windows clipped to the channels.
void windowSums(const float *rows, float *out, int64_t channels, int64_t pre, int64_t post) {
    for (int64_t c = 0; c < channels; c++) {
        float sum[kColumn] = {};
        const int64_t first = std::max<int64_t>(0, c - pre), last = std::min(channels - 1, c + post);
        for (int64_t j = first; j <= last; j++)
            for (int64_t i = 0; i < kColumn; i++) sum[i] += rows[j * kColumn + i];
        std::copy(sum, sum + kColumn, out + c * kColumn);
    }
}

struct Window {
    int64_t blocks, channels, run, size;
    float alpha, beta, k;
};

// A thread's rows: channels x kColumn each.
float *scratch(int64_t channels, int64_t count) {
    thread_local std::vector<float> memory;
    memory.resize(static_cast<size_t>(std::max<int64_t>(static_cast<int64_t>(memory.size()), count * channels * kColumn)));
    return memory.data();
}

template <class Body> void overColumns(const Window &w, Body body) {
    const int64_t columns = (w.run + kColumn - 1) / kColumn;
    crema::parallelFor(w.blocks * columns, 1 + 128 / (w.channels + 1), [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; item++) {
            const int64_t start = item % columns * kColumn;
            body(item / columns * w.channels * w.run + start, std::min(kColumn, w.run - start));
        }
    });
}

// scale of the column at `at`, into channels x kColumn floats; positions beyond n hold k.
void columnScale(const Window &w, const float *x, int64_t at, int64_t n, float *square, float *scale) {
    for (int64_t c = 0; c < w.channels; c++) {
        const float *in = x + at + c * w.run;
        float *row = square + c * kColumn;
        for (int64_t i = 0; i < n; i++) row[i] = in[i] * in[i];
        for (int64_t i = n; i < kColumn; i++) row[i] = 0;
    }
    windowSums(square, scale, w.channels, (w.size - 1) / 2, w.size - 1 - (w.size - 1) / 2);
    const float factor = w.alpha / static_cast<float>(w.size);
    for (int64_t i = 0; i < w.channels * kColumn; i++) scale[i] = w.k + factor * scale[i];
}

template <bool Fast> void forward(const Window &w, const float *x, float *y) {
    overColumns(w, [&](int64_t at, int64_t n) {
        float *square = scratch(w.channels, 2), *scale = square + w.channels * kColumn;
        columnScale(w, x, at, n, square, scale);
        for (int64_t c = 0; c < w.channels; c++) {
            const float *in = x + at + c * w.run, *s = scale + c * kColumn;
            float *out = y + at + c * w.run;
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) out[i] = in[i] * power<Fast>(s[i], w.beta);
        }
    });
}

template <bool Fast> void backward(const Window &w, const float *x, const float *dy, float *dx) {
    const float factor = 2 * w.alpha * w.beta / static_cast<float>(w.size);
    overColumns(w, [&](int64_t at, int64_t n) {
        float *ratio = scratch(w.channels, 4), *scale = ratio + w.channels * kColumn;
        float *direct = scale + w.channels * kColumn, *sums = direct + w.channels * kColumn;
        columnScale(w, x, at, n, ratio, scale);
        for (int64_t c = 0; c < w.channels; c++) { // direct = scale^-beta, ratio = dy y / scale
            const float *in = x + at + c * w.run, *g = dy + at + c * w.run, *s = scale + c * kColumn;
            float *p = direct + c * kColumn, *q = ratio + c * kColumn;
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) {
                p[i] = power<Fast>(s[i], w.beta);
                q[i] = g[i] * in[i] * p[i] / s[i];
            }
        }
        windowSums(ratio, sums, w.channels, w.size - 1 - (w.size - 1) / 2, (w.size - 1) / 2);
        for (int64_t c = 0; c < w.channels; c++) {
            const float *in = x + at + c * w.run, *g = dy + at + c * w.run;
            const float *p = direct + c * kColumn, *q = sums + c * kColumn;
            float *out = dx + at + c * w.run;
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) out[i] = g[i] * p[i] - factor * in[i] * q[i];
        }
    });
}

} // namespace

// `size` is odd. y must not be x.
CREMA_API void crema_lrn_forward(const float *x, float *y, int64_t blocks, int64_t channels, int64_t run, int64_t size,
                                 float alpha, float beta, float k) {
    const Window w{blocks, channels, run, size, alpha, beta, k};
    beta == 0.75f ? forward<true>(w, x, y) : forward<false>(w, x, y);
}

CREMA_API void crema_lrn_backward(const float *x, const float *dy, float *dx, int64_t blocks, int64_t channels, int64_t run,
                                  int64_t size, float alpha, float beta, float k) {
    const Window w{blocks, channels, run, size, alpha, beta, k};
    beta == 0.75f ? backward<true>(w, x, dy, dx) : backward<false>(w, x, dy, dx);
}

// The pieces of LRN within a channel, around an average pooling `mean` of x^2 (Caffe's composition).
CREMA_API void crema_lrn_square(const float *x, float *y, int64_t count) {
    crema::parallelFor(count, 16384, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i];
    });
}

// y = x * (1 + alpha * mean)^-beta
CREMA_API void crema_lrn_apply(const float *x, const float *mean, float *y, int64_t count, float alpha, float beta) {
    crema::parallelFor(count, 8192, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) y[i] = x[i] * crema::fastPow(1 + alpha * mean[i], -beta);
    });
}

// direct = dy * s^-beta and meanDiff = -alpha beta dy x s^(-beta - 1), s = 1 + alpha * mean.
CREMA_API void crema_lrn_split(const float *x, const float *mean, const float *dy, float *direct, float *meanDiff,
                               int64_t count, float alpha, float beta) {
    crema::parallelFor(count, 8192, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            const float s = 1 + alpha * mean[i], g = dy[i] * crema::fastPow(s, -beta);
            meanDiff[i] = -alpha * beta * g * x[i] / s;
            direct[i] = g;
        }
    });
}

// dx += 2 x squareDiff
CREMA_API void crema_lrn_join(const float *x, const float *squareDiff, float *dx, int64_t count) {
    crema::parallelFor(count, 16384, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) dx[i] += 2 * x[i] * squareDiff[i];
    });
}
