// Softmax along one axis. x lies as [outer][size][inner], lanes inside `inner`; every (outer, inner) pair is one distribution.
#include "../abi.hpp"
#include "../elementary.hpp"
#include "../parallel.hpp"
#include "../reduce.hpp"

#include <algorithm>
#include <vector>

namespace {

constexpr int64_t kChunk = 128; // inner positions worked on together: their maxima and sums stay in the first cache

// Calls body(outer, first inner position, how many).
template <class Body> void overChunks(int64_t outer, int64_t size, int64_t inner, Body body) {
    const int64_t chunks = (inner + kChunk - 1) / kChunk;
    const int64_t work = size * std::min(inner, kChunk);
    crema::parallelFor(outer * chunks, 1 + 4096 / (work + 1), [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; item++) {
            const int64_t start = item % chunks * kChunk;
            body(item / chunks, start, std::min(kChunk, inner - start));
        }
    });
}

// One distribution whose elements lie side by side.
void softmaxRow(const float *x, float *y, int64_t size) {
    float top[16];
    std::fill(top, top + 16, x[0]);
    int64_t i = 0;
    for (; i + 16 <= size; i += 16)
        for (int64_t s = 0; s < 16; s++) top[s] = std::max(top[s], x[i + s]);
    for (; i < size; i++) top[0] = std::max(top[0], x[i]);
    const float peak = *std::max_element(top, top + 16);
#pragma GCC ivdep
    for (i = 0; i < size; i++) y[i] = crema::fastExp(x[i] - peak);
    float part[16] = {};
    for (i = 0; i + 16 <= size; i += 16)
        for (int64_t s = 0; s < 16; s++) part[s] += y[i + s];
    for (; i < size; i++) part[0] += y[i];
    double sum = 0;
    for (float value : part) sum += static_cast<double>(value);
    const float scale = static_cast<float>(1 / sum);
    for (i = 0; i < size; i++) y[i] *= scale;
}

} // namespace

// y = exp(x - max) / sum; y may be x.
CREMA_API void crema_softmax_forward(const float *x, float *y, int64_t outer, int64_t size, int64_t inner) {
    if (size == 0) return;
    if (inner == 1) {
        crema::parallelFor(outer, 1 + 4096 / (size + 1), [=](int64_t begin, int64_t end) {
            for (int64_t o = begin; o < end; o++) softmaxRow(x + o * size, y + o * size, size);
        });
        return;
    }
    overChunks(outer, size, inner, [=](int64_t o, int64_t start, int64_t n) {
        const float *in = x + o * size * inner + start;
        float *out = y + o * size * inner + start;
        float peak[kChunk], sum[kChunk] = {};
        std::copy(in, in + n, peak);
        for (int64_t c = 1; c < size; c++)
            for (int64_t i = 0; i < n; i++) peak[i] = std::max(peak[i], in[c * inner + i]);
        for (int64_t c = 0; c < size; c++) {
            const float *from = in + c * inner;
            float *to = out + c * inner;
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++) {
                const float e = crema::fastExp(from[i] - peak[i]);
                to[i] = e;
                sum[i] += e;
            }
        }
        for (int64_t i = 0; i < n; i++) sum[i] = 1 / sum[i];
        for (int64_t c = 0; c < size; c++)
            for (int64_t i = 0; i < n; i++) out[c * inner + i] *= sum[i];
    });
}

// dx = (dy - sum(dy y)) y; dx may be dy.
CREMA_API void crema_softmax_backward(const float *y, const float *dy, float *dx, int64_t outer, int64_t size, int64_t inner) {
    if (inner == 1) {
        crema::parallelFor(outer, 1 + 4096 / (size + 1), [=](int64_t begin, int64_t end) {
            for (int64_t o = begin; o < end; o++) {
                const float *v = y + o * size, *g = dy + o * size;
                const float dot = static_cast<float>(crema::sumRun(size, 1, 1, [=](int64_t i) { return g[i] * v[i]; }));
                float *out = dx + o * size;
#pragma GCC ivdep
                for (int64_t i = 0; i < size; i++) out[i] = (g[i] - dot) * v[i];
            }
        });
        return;
    }
    overChunks(outer, size, inner, [=](int64_t o, int64_t start, int64_t n) {
        const int64_t at = o * size * inner + start;
        float dot[kChunk] = {};
        for (int64_t c = 0; c < size; c++)
            for (int64_t i = 0; i < n; i++) dot[i] += dy[at + c * inner + i] * y[at + c * inner + i];
        for (int64_t c = 0; c < size; c++)
#pragma GCC ivdep
            for (int64_t i = 0; i < n; i++)
                dx[at + c * inner + i] = (dy[at + c * inner + i] - dot[i]) * y[at + c * inner + i];
    });
}
