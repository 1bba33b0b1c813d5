// Several blobs of one shape into one: sums, products and maxima, and their gradients. Out may be the first operand.
#include "../abi.hpp"
#include "map.hpp"

using namespace crema;

CREMA_API void crema_eltwise_scale(int64_t n, float a, const float *x, float *out) {
    map(n, [=](int64_t i) { out[i] = a * x[i]; });
}
CREMA_API void crema_eltwise_sum(int64_t n, float a, const float *x, float b, const float *y, float *out) {
    map(n, [=](int64_t i) { out[i] = a * x[i] + b * y[i]; });
}
CREMA_API void crema_eltwise_accumulate(int64_t n, float a, const float *x, float *out) {
    map(n, [=](int64_t i) { out[i] += a * x[i]; });
}
CREMA_API void crema_eltwise_product(int64_t n, const float *x, const float *y, float *out) {
    map(n, [=](int64_t i) { out[i] = x[i] * y[i]; });
}
// Gradient of a product by division: cheaper for many operands, wrong where an operand is zero (stable_prod_grad: false).
CREMA_API void crema_eltwise_quotient(int64_t n, const float *top, const float *x, const float *dy, float *dx) {
    map(n, [=](int64_t i) { dx[i] = top[i] / x[i] * dy[i]; });
}

// The mask holds which operand won; of equal ones the second, as in Caffe.
CREMA_API void crema_eltwise_max(int64_t n, const float *x, const float *y, float *out, int32_t *mask) {
    map(n, [=](int64_t i) {
        const bool first = x[i] > y[i];
        mask[i] = first ? 0 : 1;
        out[i] = first ? x[i] : y[i];
    });
}
CREMA_API void crema_eltwise_max_next(int64_t n, const float *x, float *out, int32_t *mask, int32_t index) {
    map(n, [=](int64_t i) {
        const bool wins = x[i] > out[i];
        mask[i] = wins ? index : mask[i];
        out[i] = wins ? x[i] : out[i];
    });
}
CREMA_API void crema_eltwise_max_backward(int64_t n, const int32_t *mask, int32_t index, const float *dy, float *dx) {
    map(n, [=](int64_t i) { dx[i] = mask[i] == index ? dy[i] : 0.0f; });
}
