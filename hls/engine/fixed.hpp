// Block floating point ops: exact integer sums, then the output unit. The order of k is free, because the sums are exact.
#pragma once
#include "output.hpp"
#include "run.hpp"
#include "tiles.hpp"

namespace crema {

inline size_t weightIndex(const OpDescriptor& d, uint32_t o, uint32_t c, uint32_t ky, uint32_t kx) {
    if (d.flags & kTransposed) return size_t(c) * d.outputs + o;
    return ((size_t(o) * (d.channels / d.groups) + c) * d.kernelH + ky) * d.kernelW + kx;
}

/// Statistics of `count` tasks merged into the op's record.
inline void writeStatistics(const Statistics* parts, uint32_t count, int64_t* record) {
    Statistics all;
    for (uint32_t i = 0; i < count; ++i) all.merge(parts[i]);
    record[0] = all.magnitude, record[1] = all.saturated, record[2] = all.underflowed, record[3] = 0;
}

template <class T, unsigned Lanes> inline void imageFixed(const OpDescriptor& d, const T* a, const T* b, T* c, const int64_t* bias, int64_t* record) {
    const bool forward = d.op % 3 == 1;
    const uint32_t inputs = d.channels / d.groups, outputs = d.outputs / d.groups, total = d.rowEnd - d.rowBegin;
    const uint32_t height = forward ? d.outHeight : d.height, width = forward ? d.outWidth : d.width, channels = forward ? d.outputs : d.channels;
    const OutputUnit unit(d);
    auto* parts = scratch<Statistics, 8>(total);
    for (uint32_t i = 0; i < total; ++i) parts[i] = Statistics{};
    parallelTiles(total, [&](uint32_t task) {
        const uint32_t row = d.rowBegin + task;
        for (uint32_t block = d.blockBegin; block < d.blockEnd; ++block) {
            const uint32_t valid = least(uint32_t(Lanes), d.batch - block * Lanes);
            for (uint32_t y = 0; y < height; ++y)
                for (uint32_t x = 0; x < width; ++x) {
                    int64_t acc[Lanes] = {};
                    for (uint32_t k = 0; k < (forward ? inputs : outputs); ++k)
                        for (uint32_t ky = 0; ky < d.kernelH; ++ky)
                            for (uint32_t kx = 0; kx < d.kernelW; ++kx) {
                                int64_t sy, sx;
                                const T* from;
                                int64_t weight;
                                if (forward) {
                                    sy = int64_t(y) * d.strideH + int64_t(ky) * d.dilationH - d.padH, sx = int64_t(x) * d.strideW + int64_t(kx) * d.dilationW - d.padW;
                                    if (sy < 0 || sx < 0 || sy >= d.height || sx >= d.width) continue;
                                    from = b + (((size_t(block) * d.channels + row / outputs * inputs + k) * d.height + sy) * d.width + sx) * Lanes;
                                    weight = a[weightIndex(d, row, k, ky, kx)];
                                } else {
                                    sy = int64_t(y) + d.padH - int64_t(ky) * d.dilationH, sx = int64_t(x) + d.padW - int64_t(kx) * d.dilationW;
                                    if (sy < 0 || sx < 0 || sy % d.strideH || sx % d.strideW) continue;
                                    sy /= d.strideH, sx /= d.strideW;
                                    if (sy >= d.outHeight || sx >= d.outWidth) continue;
                                    const uint32_t o = row / inputs * outputs + k;
                                    from = b + (((size_t(block) * d.outputs + o) * d.outHeight + sy) * d.outWidth + sx) * Lanes;
                                    weight = a[weightIndex(d, o, row % inputs, ky, kx)];
                                }
                                for (unsigned lane = 0; lane < Lanes; ++lane) acc[lane] += weight * from[lane];
                            }
                    const size_t pixel = size_t(y) * width + x, plane = size_t(height) * width;
                    unit.run(acc, Lanes, valid, bias ? bias[row] : 0, uint32_t((size_t(block) * Lanes * channels + row) * plane + pixel), uint32_t(channels * plane),
                             c + ((size_t(block) * channels + row) * plane + pixel) * Lanes, parts[task]);
                }
        }
    });
    writeStatistics(parts, total, record);
}

template <class T, unsigned Lanes> inline void weightsFixed(const OpDescriptor& d, const T* dy, const T* x, T* c, int64_t* record) {
    const uint32_t inputs = d.channels / d.groups, outputs = d.outputs / d.groups, total = d.rowEnd - d.rowBegin;
    const OutputUnit unit(d);
    auto* parts = scratch<Statistics, 8>(total);
    for (uint32_t i = 0; i < total; ++i) parts[i] = Statistics{};
    parallelTiles(total, [&](uint32_t task) {
        const uint32_t o = d.rowBegin + task;
        for (uint32_t k = 0; k < inputs; ++k)
            for (uint32_t ky = 0; ky < d.kernelH; ++ky)
                for (uint32_t kx = 0; kx < d.kernelW; ++kx) {
                    int64_t acc = 0;
                    for (uint32_t n = 0; n < d.batch; n += Lanes)
                        for (uint32_t oy = 0; oy < d.outHeight; ++oy)
                            for (uint32_t ox = 0; ox < d.outWidth; ++ox) {
                                const int64_t iy = int64_t(oy) * d.strideH + int64_t(ky) * d.dilationH - d.padH, ix = int64_t(ox) * d.strideW + int64_t(kx) * d.dilationW - d.padW;
                                if (iy < 0 || ix < 0 || iy >= d.height || ix >= d.width) continue;
                                const T* g = dy + (((size_t(n / Lanes) * d.outputs + o) * d.outHeight + oy) * d.outWidth + ox) * Lanes;
                                const T* in = x + (((size_t(n / Lanes) * d.channels + o / outputs * inputs + k) * d.height + iy) * d.width + ix) * Lanes;
                                for (uint32_t lane = 0; lane < least(uint32_t(Lanes), d.batch - n); ++lane) acc += int64_t(g[lane]) * in[lane];
                            }
                    const size_t index = weightIndex(d, o, k, ky, kx);
                    unit.run(&acc, 1, 1, 0, uint32_t(index), 1, c + index, parts[task]);
                }
    });
    writeStatistics(parts, total, record);
}

/// bias[o] = exact sum of dY over the batch and all pixels.
template <class T, unsigned Lanes> inline void biasFixed(const OpDescriptor& d, const T* dy, int64_t* bias) {
    parallelTiles(d.rowEnd - d.rowBegin, [&](uint32_t task) {
        const uint32_t o = d.rowBegin + task;
        const size_t plane = size_t(d.outHeight) * d.outWidth;
        int64_t acc = 0;
        for (uint32_t n = 0; n < d.batch; n += Lanes) {
            const T* from = dy + (size_t(n / Lanes) * d.outputs + o) * plane * Lanes;
            for (size_t i = 0; i < plane; ++i)
                for (uint32_t lane = 0; lane < least(uint32_t(Lanes), d.batch - n); ++lane) acc += from[i * Lanes + lane];
        }
        bias[o] = acc;
    });
}

template <class T, unsigned Lanes> inline void runFixedOp(const OpDescriptor& d, const T* a, const T* b, T* c, int64_t* bias, int64_t* record) {
    if (d.op == kConvForward || d.op == kInnerForward) return imageFixed<T, Lanes>(d, a, b, c, d.flags & kBias ? bias : nullptr, record);
    if (d.op == kConvBackwardData || d.op == kInnerBackwardData) return imageFixed<T, Lanes>(d, a, b, c, nullptr, record);
    if (d.flags & kNoWeights) writeStatistics(nullptr, 0, record);
    else weightsFixed<T, Lanes>(d, a, b, c, record);
    if (d.flags & kBias) biasFixed<T, Lanes>(d, a, bias);
}

template <class T> inline void runFixed(const OpDescriptor& d, const Ports& ports) {
    const auto word = [](uint32_t bits) { return bits >= 2 && bits <= 8 * sizeof(T); };
    if (d.flags & kAccumulate || d.op < kConvForward || d.op > kInnerBackwardWeights || d.shift > 47) return;
    if (!word(d.wordA) || !word(d.wordB) || !word(d.wordC)) return;
    const auto* a = at(reinterpret_cast<const T*>(ports.a), d.aOffsetLow, d.aOffsetHigh);
    const auto* b = at(reinterpret_cast<const T*>(ports.b), d.bOffsetLow, d.bOffsetHigh);
    auto* c = at(reinterpret_cast<T*>(ports.c), d.cOffsetLow, d.cOffsetHigh);
    auto* bias = at(reinterpret_cast<int64_t*>(ports.bias), d.biasOffsetLow, d.biasOffsetHigh);
    auto* record = at(reinterpret_cast<int64_t*>(ports.bias), d.statisticsLow, d.statisticsHigh);
    if (d.lanes == 16) runFixedOp<T, 16>(d, a, b, c, bias, record);
    else if (d.lanes == 8) runFixedOp<T, 8>(d, a, b, c, bias, record);
}

} // namespace crema
