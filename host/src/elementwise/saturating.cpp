// Sigmoid, TanH, ELU, Swish, BNLL: y = f(x). Backward takes what its formula needs least: y where it can.
#include "../abi.hpp"
#include "functions.hpp"
#include "map.hpp"

#include <cmath>

using namespace crema;

CREMA_API void crema_sigmoid_forward(int64_t n, const float *x, float *y) {
    map(n, [=](int64_t i) { y[i] = sigmoid(x[i]); });
}
CREMA_API void crema_sigmoid_backward(int64_t n, const float *y, const float *dy, float *dx) {
    map(n, [=](int64_t i) { dx[i] = dy[i] * y[i] * (1.0f - y[i]); });
}

CREMA_API void crema_tanh_forward(int64_t n, const float *x, float *y) {
    map(n, [=](int64_t i) { y[i] = hyperbolicTangent(x[i]); });
}
CREMA_API void crema_tanh_backward(int64_t n, const float *y, const float *dy, float *dx) {
    map(n, [=](int64_t i) { dx[i] = dy[i] * (1.0f - y[i] * y[i]); });
}

CREMA_API void crema_elu_forward(int64_t n, const float *x, float *y, float alpha) {
    map(n, [=](int64_t i) {
        const float v = x[i];
        const float negative = alpha * (fastExp(v < 0 ? v : 0.0f) - 1.0f);
        y[i] = v > 0 ? v : negative;
    });
}
CREMA_API void crema_elu_backward(int64_t n, const float *x, const float *dy, float *dx, float alpha) {
    map(n, [=](int64_t i) {
        const float v = x[i];
        const float slope = alpha * fastExp(v < 0 ? v : 0.0f);
        dx[i] = dy[i] * (v > 0 ? 1.0f : slope);
    });
}

CREMA_API void crema_swish_forward(int64_t n, const float *x, float *y, float beta) {
    map(n, [=](int64_t i) { y[i] = x[i] * sigmoid(beta * x[i]); });
}
CREMA_API void crema_swish_backward(int64_t n, const float *x, const float *dy, float *dx, float beta) {
    map(n, [=](int64_t i) {
        const float s = sigmoid(beta * x[i]);
        const float scaled = beta * x[i] * s;
        dx[i] = dy[i] * (scaled + s * (1.0f - scaled));
    });
}

// Binomial normal log likelihood, log(1 + e^x), written so that neither tail overflows.
CREMA_API void crema_bnll_forward(int64_t n, const float *x, float *y) {
    map(n, [=](int64_t i) { y[i] = (x[i] > 0 ? x[i] : 0.0f) + std::log1p(fastExp(-std::fabs(x[i]))); });
}
CREMA_API void crema_bnll_backward(int64_t n, const float *x, const float *dy, float *dx) {
    map(n, [=](int64_t i) { dx[i] = dy[i] * sigmoid(x[i]); });
}
