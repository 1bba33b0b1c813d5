// SoftmaxWithLoss and InfogainLoss: losses of class probabilities against integer labels.
// Probabilities are [outer][classes][inner], row-major.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "labels.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <vector>

using namespace crema;

// result: [0] sum of -log p(label), [1] number of labels not ignored, [2] position of the first bad label, or -1.
CREMA_API void crema_softmax_loss_forward(int64_t outer, int64_t classes, int64_t inner, int32_t hasIgnore,
                                             int32_t ignore, const float *probability, const float *labels, double *result) {
    double loss = 0, valid = 0;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const float given = labels[o * inner + i];
            if (isIgnored(given, hasIgnore, ignore)) continue;
            const int64_t label = labelOf(given, classes);
            if (label < 0) {
                result[2] = static_cast<double>(o * inner + i);
                return;
            }
            loss -= std::log(std::max(probability[(o * classes + label) * inner + i], FLT_MIN));
            valid += 1;
        }
    }
    result[0] = loss;
    result[1] = valid;
    result[2] = -1;
}

// dx = scale * (p - [class is the label]), zero where the label is ignored.
CREMA_API void crema_softmax_loss_backward(int64_t outer, int64_t classes, int64_t inner, int32_t hasIgnore,
                                           int32_t ignore, float scale, const float *probability, const float *labels,
                                           float *dx) {
    parallelFor(outer, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, classes * inner)), [=](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++) {
            const float *p = probability + o * classes * inner;
            float *d = dx + o * classes * inner;
            for (int64_t j = 0; j < classes * inner; j++) d[j] = scale * p[j];
            for (int64_t i = 0; i < inner; i++) {
                const float given = labels[o * inner + i];
                if (isIgnored(given, hasIgnore, ignore)) {
                    for (int64_t c = 0; c < classes; c++) d[c * inner + i] = 0;
                } else {
                    const int64_t at = static_cast<int64_t>(given) * inner + i;
                    d[at] = scale * (p[at] - 1.0f);
                }
            }
        }
    });
}

// Infogain: every class counts, weighted by row `label` of the matrix [classes][classes]. Floor of probabilities: 1e-20.
CREMA_API void crema_infogain_loss_forward(int64_t outer, int64_t classes, int64_t inner, int32_t hasIgnore,
                                              int32_t ignore, const float *probability, const float *labels,
                                              const float *matrix, double *result) {
    double loss = 0, valid = 0;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const float given = labels[o * inner + i];
            if (isIgnored(given, hasIgnore, ignore)) continue;
            const int64_t label = labelOf(given, classes);
            if (label < 0) {
                result[2] = static_cast<double>(o * inner + i);
                return;
            }
            for (int64_t c = 0; c < classes; c++) {
                const float p = std::max(probability[(o * classes + c) * inner + i], 1e-20f);
                loss -= static_cast<double>(matrix[label * classes + c]) * std::log(p);
            }
            valid += 1;
        }
    }
    result[0] = loss;
    result[1] = valid;
    result[2] = -1;
}

CREMA_API void crema_infogain_loss_backward(int64_t outer, int64_t classes, int64_t inner, int32_t hasIgnore,
                                            int32_t ignore, float scale, const float *probability, const float *labels,
                                            const float *matrix, float *dx) {
    std::vector<double> rowSum(static_cast<size_t>(classes));
    for (int64_t r = 0; r < classes; r++)
        for (int64_t c = 0; c < classes; c++) rowSum[static_cast<size_t>(r)] += matrix[r * classes + c];
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const float given = labels[o * inner + i];
            const bool ignored = isIgnored(given, hasIgnore, ignore);
            const int64_t label = ignored ? 0 : static_cast<int64_t>(given);
            const float sum = static_cast<float>(rowSum[static_cast<size_t>(label)]);
            for (int64_t c = 0; c < classes; c++) {
                const int64_t at = (o * classes + c) * inner + i;
                dx[at] = ignored ? 0.0f : scale * (probability[at] * sum - matrix[label * classes + c]);
            }
        }
    }
}

// Bottom 0 already holds probabilities, [rows][classes]. Floor: 1e-20, as in Caffe.
CREMA_API void crema_multinomial_loss_forward(int64_t rows, int64_t classes, const float *probability,
                                                 const float *labels, double *result) {
    double loss = 0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t label = labelOf(labels[r], classes);
        if (label < 0) {
            result[2] = static_cast<double>(r);
            return;
        }
        loss -= std::log(std::max(probability[r * classes + label], 1e-20f));
    }
    result[0] = loss;
    result[2] = -1;
}
CREMA_API void crema_multinomial_loss_backward(int64_t rows, int64_t classes, float scale, const float *probability,
                                               const float *labels, float *dx) {
    std::fill(dx, dx + rows * classes, 0.0f);
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = r * classes + static_cast<int64_t>(labels[r]);
        dx[at] = -scale / std::max(probability[at], 1e-20f);
    }
}
