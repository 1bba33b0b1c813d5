// The array of multiply-accumulators in fixed point. A factor is 32 bits: two int16 or four int8 of consecutive k (or, for weight
// gradients, of neighbouring lanes); a lane's sum is int32 for so many terms as fit, and then goes to the accumulators, which hold 48.
#pragma once
#include "dot.hpp"
#include "multiply.hpp"

namespace crema {

/// Do operands of T travel as quads, and how many k stand in a factor?
template <class T> constexpr bool kQuads = CREMA_QUADS && sizeof(T) == 1;
template <class T> constexpr uint32_t kTogether = kQuads<T> ? 4 : 2;

/// Quads that an int32 sum holds: the second operand is biased by 128, and the sum of the first times 128 is taken off beforehand.
constexpr uint32_t kQuadLimit = 0x7fffffff / (4 * 128 * (255 + 128));

/// How products of two words are summed exactly.
struct Terms {
    bool split;     // the first operand is 128 * high + low, two products each
    uint32_t limit; // products that an int32 sum holds

    Terms(uint32_t first, uint32_t second)
        : split(first + second > 25), limit(0x7fffffffu >> (split ? most(first + second - 9, second + 6) : first + second - 2)) {}

    /// Factors that an int32 sum holds.
    template <class T> uint32_t factors() const { return kQuads<T> ? kQuadLimit : limit / 2; }
};

/// 0x80 in each byte: added to an int8, it makes the unsigned byte that is 128 more.
constexpr int32_t kByteBias = int32_t(0x80808080);

/// to[i] = from[0][i], from[1][i], ... packed, zero from `present` on: two of (value >> shift) & mask, or four bytes, biased or not.
template <class T, bool Biased> inline void packLine(const T* const* from, uint32_t present, uint32_t count, int32_t shift, int32_t mask, int32_t* __restrict to) {
    const T *__restrict a = from[0], *__restrict b = from[present > 1 ? 1 : 0];
    if constexpr (kQuads<T>) {
        const T *__restrict c = from[present > 2 ? 2 : 0], *__restrict d = from[present > 3 ? 3 : 0];
        const int32_t mb = present > 1 ? 255 : 0, mc = present > 2 ? 255 : 0, md = present > 3 ? -1 : 0;
        for (uint32_t i = 0; i < count; ++i)
#pragma HLS PIPELINE II=1
            to[i] = ((a[i] & 255) | (b[i] & mb) << 8 | (c[i] & mc) << 16 | (d[i] & md) << 24) ^ (Biased ? kByteBias : 0);
        return;
    }
    const int32_t upper = present > 1 ? mask : 0;
    if (shift == 0 && mask == -1) {
        for (uint32_t i = 0; i < count; ++i)
#pragma HLS PIPELINE II=1
            to[i] = (a[i] & 0xffff) | (b[i] & upper) << 16;
        return;
    }
    for (uint32_t i = 0; i < count; ++i)
#pragma HLS PIPELINE II=1
        to[i] = (a[i] >> shift & mask & 0xffff) | (b[i] >> shift & upper) << 16;
}

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
/// quads: a is signed, b is biased, and `a` may be read up to 15 elements beyond its end.
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
/// quads: as above, and rows of A are zero up to a multiple of 16 elements.
struct RowSums {
    const int32_t* a;
    size_t aStride;
    uint32_t count;
    const int32_t* b;
    size_t bStep;
    uint32_t places;
    unsigned rows, lanes;
    bool quads;
};
void sumRows(const RowSums& call, const Accumulators& to);

/// A vector of pixels: element offsets into row 0 and column 0.
struct Step {
    uint32_t a, b;
};

constexpr unsigned kPairWidth = MT_BYTES / 4;                        // int32 lanes of a partial sum of weight gradients
constexpr unsigned kPairRows = MT_ACCUMULATORS >= 24 ? 6 : MT_ACCUMULATORS >= 9 ? 3 : 2, kPairColumns = MT_ACCUMULATORS >= 24 ? 4 : MT_ACCUMULATORS >= 9 ? 3 : 2;

/// Weight gradients: sums[o][c][kPairWidth] (+)= products of rows and columns over the steps; at most kPairRows x kPairColumns.
/// quads: columns are biased, and what that adds is not taken off.
struct PixelSums {
    const int32_t* rows;
    size_t rowStride;
    const int32_t* const* columns;
    unsigned rowCount, columnCount;
    const Step* steps;
    uint32_t count;
    int32_t* sums;
    bool fresh, quads;
};
void sumPixels(const PixelSums& call);

} // namespace crema
