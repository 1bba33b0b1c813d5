// AbsVal, Threshold, Clip: piecewise linear; the gradient at a kink is the one Caffe takes.
#include "../abi.hpp"
#include "map.hpp"

#include <cmath>

using namespace crema;

CREMA_API void crema_abs_forward(int64_t n, const float *x, float *y) {
    map(n, [=](int64_t i) { y[i] = std::fabs(x[i]); });
}
CREMA_API void crema_abs_backward(int64_t n, const float *x, const float *dy, float *dx) {
    map(n, [=](int64_t i) { dx[i] = dy[i] * (static_cast<float>(x[i] > 0) - static_cast<float>(x[i] < 0)); });
}

CREMA_API void crema_threshold_forward(int64_t n, const float *x, float *y, float threshold) {
    map(n, [=](int64_t i) { y[i] = x[i] > threshold ? 1.0f : 0.0f; });
}

CREMA_API void crema_clip_forward(int64_t n, const float *x, float *y, float low, float high) {
    map(n, [=](int64_t i) {
        const float v = x[i] < high ? x[i] : high;
        y[i] = v > low ? v : low;
    });
}
CREMA_API void crema_clip_backward(int64_t n, const float *x, const float *dy, float *dx, float low, float high) {
    map(n, [=](int64_t i) { dx[i] = (x[i] >= low && x[i] <= high) ? dy[i] : 0.0f; });
}
