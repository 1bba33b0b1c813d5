// Losses of distances: EuclideanLoss, ContrastiveLoss. Rows are the items of the batch.
#include "../abi.hpp"
#include "../elementwise/map.hpp"
#include "../reduction/ordered.hpp"

#include <algorithm>
#include <cmath>

using namespace crema;

// result[0]: the sum of (a - b)^2.
CREMA_API void crema_squared_distance(int64_t n, const float *a, const float *b, double *result) {
    result[0] = orderedSum(n, [=](int64_t i) {
        const double d = static_cast<double>(a[i] - b[i]);
        return d * d;
    });
}
// dx = scale * (a - b)
CREMA_API void crema_scaled_difference(int64_t n, float scale, const float *a, const float *b, float *dx) {
    map(n, [=](int64_t i) { dx[i] = scale * (a[i] - b[i]); });
}

// Hadsell, Chopra, LeCun, CVPR 2006. similar[r] != 0: squared distance; else the squared hinge of margin - distance, or the hinge
// of margin - squared distance in Caffe's older form. distance: [rows] squared distances, kept for backward; result[0]: the sum.
CREMA_API void crema_contrastive_forward(int64_t rows, int64_t length, float margin, int32_t legacy, const float *a,
                                           const float *b, const float *similar, float *distance, double *result) {
    double loss = 0;
    for (int64_t r = 0; r < rows; r++) {
        const float *x = a + r * length, *y = b + r * length;
        const double squared = rangeSum(0, length, [=](int64_t i) { return static_cast<double>(x[i] - y[i]) * (x[i] - y[i]); });
        distance[r] = static_cast<float>(squared);
        if (static_cast<int32_t>(similar[r]) != 0)
            loss += squared;
        else if (legacy)
            loss += std::max(margin - squared, 0.0);
        else {
            const double gap = std::max(margin - std::sqrt(squared), 0.0);
            loss += gap * gap;
        }
    }
    result[0] = loss;
}
// Gradient to one side; `scale` carries the side's sign.
CREMA_API void crema_contrastive_backward(int64_t rows, int64_t length, float margin, int32_t legacy, float scale,
                                          const float *a, const float *b, const float *similar, const float *distance,
                                          float *dx) {
    for (int64_t r = 0; r < rows; r++) {
        float factor = scale;
        if (static_cast<int32_t>(similar[r]) == 0) {
            const float root = std::sqrt(distance[r]);
            const float gap = legacy ? margin - distance[r] : margin - root;
            // 1e-4 keeps coincident points finite, as in Caffe
            factor = gap > 0 ? (legacy ? -scale : -scale * gap / (root + 1e-4f)) : 0.0f;
        }
        for (int64_t i = r * length; i < (r + 1) * length; i++) dx[i] = factor * (a[i] - b[i]);
    }
}
