// The multiply-accumulators arranged for backward-weights: O output channels times C input channels of one kernel tap, each
// with one partial sum per batch lane; a step is one pixel. The lanes are added at the very end, in a fixed tree.
#pragma once
#include "multiply.hpp"

namespace crema {

/// Element offsets of one pixel: in dY from its channel's base, in X from its channel's base.
struct Pixel {
    uint32_t a, b;
};

/// O x C partial sums over a list of pixels. acc holds O*C sums of `Lanes` elements, each in pixel order. Lanes from
/// `valid` on keep their old value: the last block of a batch may hold anything there, even NaN.
template <class T, unsigned Lanes, unsigned O, unsigned C>
CREMA_NOINLINE void correlate(const T* a, size_t aStride, const T* b, size_t bStride, const Pixel* pixels, uint32_t count, T* acc, bool preload, uint32_t valid) {
    constexpr unsigned W = kWidth<T, Lanes>, N = Lanes / W;
    using V = Vector<T, W>;
    V sum[O][C][N];
#pragma HLS ARRAY_PARTITION variable=sum complete dim=0
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c)
#pragma GCC unroll 16
            for (unsigned v = 0; v < N; ++v) sum[o][c][v] = preload ? load<V>(acc + (o * C + c) * Lanes + v * W) : V{};
    const T *rowA[O], *rowB[C];
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o) rowA[o] = a + o * aStride;
#pragma GCC unroll 16
    for (unsigned c = 0; c < C; ++c) rowB[c] = b + c * bStride;
    for (uint32_t i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
        const size_t pa = pixels[i].a, pb = pixels[i].b;
#pragma GCC unroll 4
        for (unsigned v = 0; v < N; ++v) {
            V x[C];
#pragma GCC unroll 16
            for (unsigned c = 0; c < C; ++c) x[c] = load<V>(rowB[c] + pb + v * W);
#pragma GCC unroll 16
            for (unsigned o = 0; o < O; ++o) {
                const V dy = load<V>(rowA[o] + pa + v * W);
#pragma GCC unroll 16
                for (unsigned c = 0; c < C; ++c) sum[o][c][v] = mac(sum[o][c][v], dy, x[c]);
            }
        }
    }
    if (valid < Lanes) {
        for (unsigned i = 0; i < O * C; ++i)
            for (uint32_t lane = 0; lane < Lanes; ++lane) {
                const T old = preload ? acc[i * Lanes + lane] : T{};
                acc[i * Lanes + lane] = lane < valid ? sum[i / C][i % C][lane / W][lane % W] : old;
            }
        return;
    }
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c)
#pragma GCC unroll 16
            for (unsigned v = 0; v < N; ++v) store(acc + (o * C + c) * Lanes + v * W, sum[o][c][v]);
}

/// Shape of the array for C input channels: the widest of the register file's rectangles that C fills.
struct ArrayShape {
    unsigned outputs, inputs;
};

template <class T, unsigned Lanes> constexpr ArrayShape arrayShape(uint32_t inputs) {
    constexpr unsigned fit = MT_ACCUMULATORS / (Lanes / kWidth<T, Lanes>);
    const unsigned columns = fit >= 12 ? 4 : 2, c = inputs < columns || inputs == 3 ? unsigned(inputs) : columns;
    return {least(fit / c, 6u), c};
}

/// body.operator()<O, C>() for run-time sizes that arrayShape allows.
template <class T, unsigned Lanes, unsigned O = 6, unsigned C = 4, class Body> inline void withArray(unsigned outputs, unsigned inputs, const Body& body) {
    if constexpr (C > 1)
        if (inputs < C) return withArray<T, Lanes, O, C - 1>(outputs, inputs, body);
    if constexpr (O > 1)
        if (outputs < O) return withArray<T, Lanes, O - 1, C>(outputs, inputs, body);
    if constexpr (O * C * (Lanes / kWidth<T, Lanes>) <= MT_ACCUMULATORS) body.template operator()<O, C>();
}

/// The lanes of eight partial sums added: lane i + i + Lanes/2, then quarters, and so on; out[j] = total of sum j.
/// `stride` elements lie between the sums.
template <class T, unsigned Lanes> inline void addLanes(const T* sums, size_t stride, unsigned count, T* out) {
    T part[8][Lanes];
#pragma HLS ARRAY_PARTITION variable=part complete dim=0
    for (unsigned j = 0; j < count; ++j) {
        for (unsigned i = 0; i < Lanes; ++i) part[j][i] = sums[j * stride + i];
    }
    for (unsigned width = Lanes / 2; width > 0; width /= 2)
        for (unsigned j = 0; j < count; ++j)
#pragma HLS UNROLL
            for (unsigned i = 0; i < width; ++i) part[j][i] = part[j][i] + part[j][i + width];
    for (unsigned j = 0; j < count; ++j) out[j] = part[j][0];
}

} // namespace crema
