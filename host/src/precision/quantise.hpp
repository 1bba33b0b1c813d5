// One run of floats to integers of a word, with statistics: the inner loop of quantisation, written so that it vectorises.
#pragma once
#include "rounding.hpp"

#include <cmath>
#include <cstring>

namespace crema {

// Extremes are float bits mapped to integers of the same order, so that minimum and maximum are integer reductions.
inline int32_t ordered(int32_t bits) { return bits ^ ((bits >> 31) & 0x7fffffff); }
inline int32_t bitsOf(float x) {
    int32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline float fromOrdered(int32_t order) {
    const int32_t bits = ordered(order); // its own inverse
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

struct Statistics {
    int32_t least = 0, most = 0; // ordered(); zero is always within
    int64_t saturated = 0, underflowed = 0;

    void add(const Statistics &other) {
        least = std::min(least, other.least);
        most = std::max(most, other.most);
        saturated += other.saturated;
        underflowed += other.underflowed;
    }
};

struct Quantiser {
    int word;
    bool stochastic;
    DrawKey key;
};

constexpr int64_t kRun = 64; // elements of the inner loop: a fixed trip count, so that it unrolls into whole vectors

// `count` floats at x into q; element j draws as pattern[j] + base.
// y = x * scale, held within one beyond the word; nearest: half to even; stochastic: y at 31 - W fraction bits plus the draw's top bits.
template <bool Stochastic, class Out>
inline __attribute__((always_inline)) void quantiseSome(const float *x, Out *q, int64_t count, const uint32_t *pattern, uint32_t base,
                                                        float scale, const Quantiser &by, Statistics &into) {
    const int32_t upper = upperBound(by.word), lower = lowerBound(by.word);
    const float most = static_cast<float>(upper + 1), least = static_cast<float>(lower - 1);
    const int fraction = 31 - by.word;
    const float unit = static_cast<float>(1 << fraction);
    const DrawKey key = by.key;
    int32_t minimum = into.least, maximum = into.most;
    uint32_t saturated = 0, underflowed = 0;
    for (int64_t j = 0; j < count; j++) {
        const float value = x[j];
        float y = value * scale;
        y = y > least ? y : least;
        y = y < most ? y : most;
        int32_t rounded;
        if constexpr (Stochastic) {
            const int32_t fixed = static_cast<int32_t>(std::rint(y * unit));
            rounded = (fixed + static_cast<int32_t>(draw(key, pattern[j] + base) >> (32 - fraction))) >> fraction;
        } else {
            rounded = static_cast<int32_t>(std::rint(y));
        }
        const int32_t high = rounded < upper ? rounded : upper;
        const int32_t held = high > lower ? high : lower;
        const int32_t bits = bitsOf(value);
        const int32_t order = ordered(bits);
        minimum = order < minimum ? order : minimum;
        maximum = order > maximum ? order : maximum;
        saturated += held != rounded;
        underflowed += (rounded == 0) & ((bits & 0x7fffffff) != 0);
        q[j] = static_cast<Out>(held);
    }
    into.least = minimum;
    into.most = maximum;
    into.saturated += saturated;
    into.underflowed += underflowed;
}

// `rows` x `lanes` floats at x into q. Element (r, lane) has the row-major index first + r + lane * stride. lanes: 1, 8, 16, 32 or 64.
template <bool Stochastic, class Out>
void quantiseRun(const float *__restrict x, Out *__restrict q, int64_t rows, int64_t lanes, uint32_t first, uint32_t stride, float scale,
                 const Quantiser &by, Statistics &into) {
    const int shift = __builtin_ctzll(static_cast<uint64_t>(lanes));
    const auto mask = static_cast<uint32_t>(lanes - 1);
    uint32_t pattern[kRun];
    if constexpr (Stochastic)
        for (uint32_t j = 0; j < kRun; j++) pattern[j] = (j >> shift) + (j & mask) * stride;
    const int64_t count = rows * lanes;
    int64_t j = 0;
    for (; j + kRun <= count; j += kRun)
        quantiseSome<Stochastic>(x + j, q + j, kRun, pattern, first + static_cast<uint32_t>(j >> shift), scale, by, into);
    quantiseSome<Stochastic>(x + j, q + j, count - j, pattern, first + static_cast<uint32_t>(j >> shift), scale, by, into);
}

} // namespace crema
