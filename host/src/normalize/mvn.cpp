// Mean-variance normalisation of rows: [rows][length], row-major.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../reduce.hpp"
#include "grain.hpp"

#include <cmath>

// y = x - mean, and with `variance` also / (sqrt(mean((x - mean)^2)) + eps). deviation[row] receives the divisor.
CREMA_API void crema_mvn_forward(const float *x, float *y, float *deviation, int64_t rows, int64_t length, int32_t variance,
                                 float eps) {
    crema::parallelFor(rows, crema::grain(length), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float *in = x + row * length;
            float *out = y + row * length;
            const double n = static_cast<double>(length);
            const float mean = static_cast<float>(crema::sumRun(length, 1, 1, [=](int64_t i) { return in[i]; }) / n);
            float divisor = 1;
            if (variance) {
                const double square =
                    crema::sumRun(length, 1, 1, [=](int64_t i) { return (in[i] - mean) * (in[i] - mean); }) / n;
                divisor = static_cast<float>(std::sqrt(square)) + eps;
            }
            deviation[row] = divisor;
            const float scale = 1 / divisor;
#pragma GCC ivdep
            for (int64_t i = 0; i < length; i++) out[i] = (in[i] - mean) * scale;
        }
    });
}

// dx = (dy - mean(dy) - [variance] mean(dy y) y) / deviation
CREMA_API void crema_mvn_backward(const float *y, const float *deviation, const float *dy, float *dx, int64_t rows,
                                  int64_t length, int32_t variance) {
    crema::parallelFor(rows, crema::grain(length), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float *v = y + row * length, *g = dy + row * length;
            float *out = dx + row * length;
            const double n = static_cast<double>(length);
            const float mean = static_cast<float>(crema::sumRun(length, 1, 1, [=](int64_t i) { return g[i]; }) / n);
            const float product =
                variance ? static_cast<float>(crema::sumRun(length, 1, 1, [=](int64_t i) { return g[i] * v[i]; }) / n) : 0.0f;
            const float scale = 1 / deviation[row];
#pragma GCC ivdep
            for (int64_t i = 0; i < length; i++) out[i] = (g[i] - mean - product * v[i]) * scale;
        }
    });
}
