// Sums whose value does not depend on the number of threads: chunks of fixed size, added in order, in double.
#pragma once
#include "../parallel.hpp"

#include <algorithm>
#include <vector>

namespace crema {

// Sum of f(i) over [begin, end) with eight independent accumulators, which vectorise.
template <class F> double rangeSum(int64_t begin, int64_t end, F f) {
    double part[8] = {};
    int64_t i = begin;
    for (; i + 8 <= end; i += 8)
        for (int j = 0; j < 8; j++) part[j] += static_cast<double>(f(i + j));
    for (int j = 0; i < end; i++, j++) part[j] += static_cast<double>(f(i));
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

constexpr int64_t SUM_CHUNK = 1 << 14;

template <class F> double orderedSum(int64_t count, F f) {
    const int64_t chunks = (count + SUM_CHUNK - 1) / SUM_CHUNK;
    if (chunks <= 1) return rangeSum(0, count, f);
    std::vector<double> parts(static_cast<size_t>(chunks));
    parallelFor(chunks, 4, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++)
            parts[static_cast<size_t>(c)] = rangeSum(c * SUM_CHUNK, std::min(count, (c + 1) * SUM_CHUNK), f);
    });
    double sum = 0;
    for (const double part : parts) sum += part;
    return sum;
}

} // namespace crema
