// The array of multiply-accumulators in fixed point. A factor is 32 bits: two int16 or four int8 of consecutive k (or, for weight
// gradients, of neighbouring lanes); a lane's sum is int32 for so many terms as fit, and then goes to the accumulators, which hold 48.
#pragma once
#include "dot.hpp"
#include "multiply.hpp"

namespace crema {

/// How products of two words are summed exactly.
struct Terms {
    bool split;     // the first operand is 128 * high + low, two products each
    uint32_t limit; // products that an int32 sum holds

    Terms(uint32_t first, uint32_t second)
        : split(first + second > 25), limit(0x7fffffffu >> (split ? most(first + second - 9, second + 6) : first + second - 2)) {}
};

/// to[i] = from[i] >> shift & mask as 16 bits: a number (shift 0, mask -1), or the high or low bits of a split one.
template <class T> inline void widenLine(const T* __restrict from, uint32_t count, int32_t shift, int32_t mask, Half* __restrict to) {
    if (shift == 0 && mask == -1) {
        for (uint32_t i = 0; i < count; ++i)
#pragma HLS PIPELINE II=1
            to[i] = from[i];
        return;
    }
    for (uint32_t i = 0; i < count; ++i)
#pragma HLS PIPELINE II=1
        to[i] = int16_t(from[i] >> shift & mask);
}

/// Accumulators of a call: [row][place][lane], int32 or int64.
struct Accumulators {
    void* memory;
    bool wide;
    size_t rowStride;
    bool fresh;     // they hold nothing yet
    unsigned shift; // sums count 2^shift
};

/// Convolution: for each of `pixels` places, `rows` sums over a list of taps; `count` times the factors of a tap within the limit.
/// quads: a is signed, b is biased by 128, and `a` may be read up to 15 elements beyond its end.
struct GatheredSums {
    const int32_t* a;
    const Tap* taps;
    uint32_t count;
    const int32_t* b;
    const uint32_t* places;
    uint32_t pixels;
    unsigned rows, lanes;
    bool quads;
};
void sumGathered(const GatheredSums& call, const Accumulators& to);

/// Inner product whose k is contiguous in both operands: row r of A is a + r * aStride, place p of B starts at b + p * bStep.
struct RowSums {
    const int32_t* a;
    size_t aStride;
    uint32_t count;
    const int32_t* b;
    size_t bStep;
    uint32_t places;
    unsigned rows, lanes;
};
void sumRows(const RowSums& call, const Accumulators& to);

/// A vector of pixels: element offsets into row 0 and column 0.
struct Step {
    uint32_t a, b;
};

constexpr unsigned kPairWidth = MT_BYTES / 4;                        // int32 lanes of a partial sum of weight gradients
constexpr unsigned kPairRows = MT_ACCUMULATORS >= 24 ? 6 : MT_ACCUMULATORS >= 9 ? 3 : 2, kPairColumns = MT_ACCUMULATORS >= 24 ? 4 : MT_ACCUMULATORS >= 9 ? 3 : 2;

/// Weight gradients: sums[o][c][kPairWidth] (+)= products of rows and columns over the steps; at most kPairRows x kPairColumns.
void sumPairs(const int32_t* rows, size_t rowStride, const int32_t* const* columns, unsigned rowCount, unsigned columnCount, const Step* steps, uint32_t count,
              int32_t* sums, bool fresh);

} // namespace crema
