// Sums over parameter blobs, cut into fixed chunks and added in their order, so that threads do not change a bit of them.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

constexpr int64_t kChunk = 8192;

template <class Term> double chunkedSum(int64_t count, const Term &term) {
    const int64_t chunks = (count + kChunk - 1) / kChunk;
    std::vector<double> partial(static_cast<size_t>(chunks));
    crema::parallelFor(chunks, 4, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++) {
            double lanes[8] = {};
            const int64_t last = std::min(count, (c + 1) * kChunk);
            int64_t i = c * kChunk;
            for (; i + 8 <= last; i += 8)
                for (int l = 0; l < 8; l++) lanes[l] += term(i + l);
            for (; i < last; i++) lanes[0] += term(i);
            partial[static_cast<size_t>(c)] =
                ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        }
    });
    double sum = 0.0;
    for (double p : partial) sum += p;
    return sum;
}

} // namespace

// *sum = sum of squares of x.
CREMA_API void crema_sum_squares(const float *x, int64_t count, double *sum) {
    *sum = chunkedSum(count, [x](int64_t i) { return static_cast<double>(x[i]) * x[i]; });
}

// *sum = sum of magnitudes of x.
CREMA_API void crema_sum_magnitudes(const float *x, int64_t count, double *sum) {
    *sum = chunkedSum(count, [x](int64_t i) { return std::fabs(static_cast<double>(x[i])); });
}
