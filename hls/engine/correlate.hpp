// The multiply-accumulators arranged for backward-weights: O output channels times C input channels of one kernel tap, each
// with one partial sum per batch lane; a step is one pixel. The lanes are added at the very end, in a fixed tree.
#pragma once
#include "multiply.hpp"

namespace crema {

/// Element offsets of one pixel: in dY from its channel's base, in X from its channel's base.
struct Pixel {
    uint32_t a, b;
};

/// O x C partial sums over a list of pixels. Row o of A is a + o * aStride, column c of B is b[c]. acc holds O*C sums of
/// `Lanes` elements, each in pixel order; lanes run through the array a register at a time. Lanes from `valid` on keep
/// their old value: the last block of a batch may hold anything there, even NaN.
template <class T, unsigned Lanes, unsigned O, unsigned C>
CREMA_NOINLINE void correlate(const T* a, size_t aStride, const T* const* b, const Pixel* pixels, uint32_t count, T* acc, bool preload, uint32_t valid) {
    constexpr unsigned W = kWidth<T, Lanes>;
    // The shorter side waits in registers, the longer one passes by: O * C accumulators leave room for no more.
    constexpr unsigned held = least(O, C), passing = most(O, C);
    using V = Vector<T, W>;
    for (unsigned v = 0; v < Lanes && v < valid; v += W) {
        V sum[O][C];
#pragma HLS ARRAY_PARTITION variable=sum complete dim=0
#pragma GCC unroll 16
        for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
            for (unsigned c = 0; c < C; ++c) sum[o][c] = preload ? load<V>(acc + (o * C + c) * Lanes + v) : V{};
        const T *rowA[O], *rowB[C];
#pragma GCC unroll 16
        for (unsigned o = 0; o < O; ++o) rowA[o] = a + o * aStride + v;
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c) rowB[c] = b[c] + v;
        for (uint32_t i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
            const size_t pa = pixels[i].a, pb = pixels[i].b;
            V wait[held];
#pragma GCC unroll 16
            for (unsigned j = 0; j < held; ++j) wait[j] = inRegister(load<V>(O < C ? rowA[j] + pa : rowB[j] + pb));
#pragma GCC unroll 16
            for (unsigned j = 0; j < passing; ++j) {
                const V pass = inRegister(load<V>(O < C ? rowB[j] + pb : rowA[j] + pa));
#pragma GCC unroll 16
                for (unsigned k = 0; k < held; ++k) {
                    V& to = sum[O < C ? k : j][O < C ? j : k];
                    to = inRegister(mac(to, wait[k], pass));
                }
            }
        }
        T fresh[O * C * W]; // every index into `sum` is a constant, or it would live in memory
        const bool whole = v + W <= valid;
        T* to = whole ? acc + v : fresh;
        const size_t stride = whole ? Lanes : W;
#pragma GCC unroll 16
        for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
            for (unsigned c = 0; c < C; ++c) store(to + (o * C + c) * stride, sum[o][c]);
        if (!whole)
            for (unsigned i = 0; i < O * C; ++i)
                for (unsigned lane = 0; v + lane < valid; ++lane) acc[i * Lanes + v + lane] = fresh[i * W + lane];
    }
}

constexpr unsigned kArrayColumns = 4, kArrayRows = 6;

/// Output channels beside `columns` in the register file.
constexpr unsigned arrayRows(unsigned columns) { return least(MT_ACCUMULATORS / columns, kArrayRows); }

/// body.operator()<O, C>() for run-time sizes of at most arrayRows(columns) x kArrayColumns.
template <unsigned O = kArrayRows, unsigned C = kArrayColumns, class Body> inline void withArray(unsigned rows, unsigned columns, const Body& body) {
    if constexpr (C > 1)
        if (columns < C) return withArray<O, C - 1>(rows, columns, body);
    if constexpr (O > 1)
        if (rows < O) return withArray<O - 1, C>(rows, columns, body);
    if constexpr (O * C <= MT_ACCUMULATORS) body.template operator()<O, C>();
}

/// The lanes of `count` partial sums added: lane i + lane i + Lanes/2, then quarters, and so on; out[j] = total of sum j.
/// Eight sums share the vectors of the tree, so that its last levels are as wide as its first.
template <class T, unsigned Lanes> inline void addLanes(const T* sums, unsigned count, T* out) {
    using V = Vector<T, 8>;
    for (unsigned at = 0; at < count; at += 8) {
        V v[8];
        for (unsigned j = 0; j < 8; ++j) {
            V part[Lanes / 8];
            for (unsigned i = 0; i < Lanes / 8; ++i) part[i] = at + j < count ? load<V>(sums + (at + j) * Lanes + i * 8) : V{};
            for (unsigned width = Lanes / 16; width > 0; width /= 2)
                for (unsigned i = 0; i < width; ++i) part[i] = part[i] + part[i + width];
            v[j] = part[0];
        }
        T total[8];
#ifdef __SYNTHESIS__
        for (unsigned j = 0; j < 8; ++j)
#pragma HLS UNROLL
            total[j] = ((v[j][0] + v[j][4]) + (v[j][2] + v[j][6])) + ((v[j][1] + v[j][5]) + (v[j][3] + v[j][7]));
#else
        for (unsigned j = 0; j < 8; j += 2)
            v[j] = __builtin_shufflevector(v[j], v[j + 1], 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(v[j], v[j + 1], 4, 5, 6, 7, 12, 13, 14, 15);
        for (unsigned j = 0; j < 8; j += 4)
            v[j] = __builtin_shufflevector(v[j], v[j + 2], 0, 1, 4, 5, 8, 9, 12, 13) + __builtin_shufflevector(v[j], v[j + 2], 2, 3, 6, 7, 10, 11, 14, 15);
        v[0] = __builtin_shufflevector(v[0], v[4], 0, 2, 4, 6, 8, 10, 12, 14) + __builtin_shufflevector(v[0], v[4], 1, 3, 5, 7, 9, 11, 13, 15);
        store(total, v[0]);
#endif
        for (unsigned j = 0; j < 8 && at + j < count; ++j) out[at + j] = total[j];
    }
}

} // namespace crema
