// ReLU and its leaky form. Elementwise, so any layout is a flat run.
#include "../abi.hpp"
#include "../parallel.hpp"

namespace {
constexpr int64_t kGrain = 16384;
}

// y = x < 0 ? slope * x : x. NaN stays NaN, so that a diverged net is seen.
CREMA_API void crema_relu_forward(const float *x, float *y, int64_t count, float slope) {
    crema::parallelFor(count, kGrain, [=](int64_t begin, int64_t end) {
        if (slope == 0) {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) y[i] = x[i] < 0 ? 0.0f : x[i];
        } else {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) y[i] = x[i] < 0 ? slope * x[i] : x[i];
        }
    });
}

// dx = dy where gate > 0, slope * dy elsewhere. `gate` has the sign of x: x itself, or y where slope >= 0.
CREMA_API void crema_relu_backward(const float *gate, const float *dy, float *dx, int64_t count, float slope) {
    crema::parallelFor(count, kGrain, [=](int64_t begin, int64_t end) {
        if (slope == 0) {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) { // both loads come first: a load behind a condition would be a branch
                const float g = dy[i], open = gate[i];
                dx[i] = open > 0 ? g : 0.0f;
            }
        } else {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) dx[i] = dy[i] * (gate[i] > 0 ? 1.0f : slope);
        }
    });
}
