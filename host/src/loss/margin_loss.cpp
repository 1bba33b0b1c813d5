// SigmoidCrossEntropyLoss and HingeLoss.
#include "../abi.hpp"
#include "../elementwise/functions.hpp"
#include "../elementwise/map.hpp"
#include "../reduction/ordered.hpp"
#include "labels.hpp"

#include <algorithm>
#include <cmath>

using namespace crema;

// result: [0] sum of the cross entropies, [1] number of targets not ignored. Written so that no tail overflows.
CREMA_API void crema_sigmoid_cross_entropy_forward(int64_t n, int32_t hasIgnore, int32_t ignore, const float *x,
                                                   const float *target, double *result) {
    result[0] = orderedSum(n, [=](int64_t i) {
        if (isIgnored(target[i], hasIgnore, ignore)) return 0.0;
        const double v = x[i];
        return std::log1p(std::exp(-std::fabs(v))) - v * (static_cast<double>(target[i]) - (v >= 0 ? 1.0 : 0.0));
    });
    result[1] = orderedSum(n, [=](int64_t i) { return isIgnored(target[i], hasIgnore, ignore) ? 0.0 : 1.0; });
}
CREMA_API void crema_sigmoid_cross_entropy_backward(int64_t n, int32_t hasIgnore, int32_t ignore, float scale,
                                                    const float *x, const float *target, float *dx) {
    map(n, [=](int64_t i) {
        dx[i] = isIgnored(target[i], hasIgnore, ignore) ? 0.0f : scale * (sigmoid(x[i]) - target[i]);
    });
}

// One against all: max(0, 1 + x), with the label's score negated; its sum (norm 1) or sum of squares (norm 2).
// result: [0] the sum, [2] the first row whose label is no class, or -1.
CREMA_API void crema_hinge_forward(int64_t rows, int64_t classes, int32_t norm, const float *x, const float *labels,
                                      double *result) {
    double loss = 0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t label = labelOf(labels[r], classes);
        if (label < 0) {
            result[2] = static_cast<double>(r);
            return;
        }
        for (int64_t c = 0; c < classes; c++) {
            const float v = x[r * classes + c];
            const double m = std::max(0.0f, 1.0f + (c == label ? -v : v));
            loss += norm == 2 ? m * m : m;
        }
    }
    result[0] = loss;
    result[2] = -1;
}
CREMA_API void crema_hinge_backward(int64_t rows, int64_t classes, int32_t norm, float scale, const float *x,
                                    const float *labels, float *dx) {
    for (int64_t r = 0; r < rows; r++) {
        const int64_t label = static_cast<int64_t>(labels[r]);
        for (int64_t c = 0; c < classes; c++) {
            const float sign = c == label ? -1.0f : 1.0f;
            const float m = std::max(0.0f, 1.0f + sign * x[r * classes + c]);
            dx[r * classes + c] = sign * scale * (norm == 2 ? 2.0f * m : static_cast<float>(m > 0));
        }
    }
}
