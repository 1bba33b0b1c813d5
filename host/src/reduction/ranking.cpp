// ArgMax and Accuracy: what is largest along one axis. x is [outer][classes][inner].
#include "../abi.hpp"
#include "../loss/labels.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

using namespace crema;

// The k largest of every column, descending; of equal values the higher index comes first, as in Caffe.
// index and value are [outer][k][inner]; either may be null.
CREMA_API void crema_argmax(int64_t outer, int64_t classes, int64_t inner, int64_t k, const float *x, float *index,
                            float *value) {
    parallelFor(outer * inner, std::max<int64_t>(1, 4096 / std::max<int64_t>(1, classes)), [=](int64_t begin, int64_t end) {
        std::vector<std::pair<float, int64_t>> order(static_cast<size_t>(classes));
        for (int64_t c = begin; c < end; c++) {
            const int64_t o = c / inner, i = c % inner;
            for (int64_t j = 0; j < classes; j++) order[static_cast<size_t>(j)] = {x[(o * classes + j) * inner + i], j};
            std::partial_sort(order.begin(), order.begin() + k, order.end(), std::greater<std::pair<float, int64_t>>());
            for (int64_t j = 0; j < k; j++) {
                const int64_t at = (o * k + j) * inner + i;
                if (index) index[at] = static_cast<float>(order[static_cast<size_t>(j)].second);
                if (value) value[at] = order[static_cast<size_t>(j)].first;
            }
        }
    });
}

// Top-k accuracy: right where fewer than k scores are at least the true class's (itself counted from -1 on, so ties are against it).
// totals: [0] labels counted, [1] right, [2] position of the first label outside [0, classes), or -1.
// perClass (may be null): [classes] right, then [classes] counted.
CREMA_API void crema_accuracy(int64_t outer, int64_t classes, int64_t inner, int64_t k, int32_t hasIgnore,
                              int32_t ignore, const float *x, const float *labels, double *totals, double *perClass) {
    totals[0] = totals[1] = 0;
    totals[2] = -1;
    if (perClass) std::fill(perClass, perClass + 2 * classes, 0.0);
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const float given = labels[o * inner + i];
            if (isIgnored(given, hasIgnore, ignore)) continue;
            const int64_t label = labelOf(given, classes);
            if (label < 0) {
                totals[2] = static_cast<double>(o * inner + i);
                return;
            }
            const float *scores = x + o * classes * inner + i;
            const float truth = scores[label * inner];
            int64_t better = -1;
            for (int64_t c = 0; c < classes && better < k; c++) better += scores[c * inner] >= truth;
            const bool right = better < k;
            totals[0] += 1;
            totals[1] += right;
            if (perClass) {
                perClass[label] += right;
                perClass[classes + label] += 1;
            }
        }
    }
}
