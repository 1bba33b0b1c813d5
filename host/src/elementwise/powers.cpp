// Power, Exp, Log: y = f(scale * x + shift).
#include "../abi.hpp"
#include "../elementary.hpp"
#include "map.hpp"

#include <cmath>

using namespace crema;

CREMA_API void crema_affine(int64_t n, const float *x, float *y, float scale, float shift) {
    map(n, [=](int64_t i) { y[i] = scale * x[i] + shift; });
}

CREMA_API void crema_power_forward(int64_t n, const float *x, float *y, float power, float scale, float shift) {
    if (power == 2.0f) {
        map(n, [=](int64_t i) {
            const float v = scale * x[i] + shift;
            y[i] = v * v;
        });
        return;
    }
    map(n, [=](int64_t i) { y[i] = std::pow(scale * x[i] + shift, power); });
}
CREMA_API void crema_power_backward(int64_t n, const float *x, const float *dy, float *dx, float power, float scale,
                                    float shift) {
    const float factor = power * scale;
    if (power == 2.0f) {
        map(n, [=](int64_t i) { dx[i] = dy[i] * factor * (scale * x[i] + shift); });
        return;
    }
    map(n, [=](int64_t i) { dx[i] = dy[i] * factor * std::pow(scale * x[i] + shift, power - 1.0f); });
}

CREMA_API void crema_exp_forward(int64_t n, const float *x, float *y, float inner, float outer) {
    map(n, [=](int64_t i) { y[i] = outer * fastExp(inner * x[i]); });
}
CREMA_API void crema_exp_backward(int64_t n, const float *y, const float *dy, float *dx, float inner) {
    map(n, [=](int64_t i) { dx[i] = dy[i] * y[i] * inner; });
}

CREMA_API void crema_log_forward(int64_t n, const float *x, float *y, float scale, float shift, float outer) {
    map(n, [=](int64_t i) { y[i] = outer * std::log(scale * x[i] + shift); });
}
CREMA_API void crema_log_backward(int64_t n, const float *x, const float *dy, float *dx, float scale, float shift,
                                  float outer) {
    map(n, [=](int64_t i) { dx[i] = dy[i] * (outer * scale) / (scale * x[i] + shift); });
}
