// Convolution backward-weights: dW[o][c][ky][kx] (+)= sum over (image, y, x) of dY[o] * X[c]. Every batch lane keeps its own partial
// sum over (block, y, x) ascending; the lanes are added by a fixed tree, then the preload. Batch-blocked operands are read
// in place. The pixels come in chunks of rows small enough that a tile's channels stay in the innermost cache for all taps.
#pragma once
#include "axis.hpp"
#include "correlate.hpp"

namespace crema {

/// Output coordinates [begin, end) at which a tap meets the input.
struct Range {
    uint32_t begin, end;
};

inline Range tapRange(int64_t tap, int64_t outputs, int64_t stride, int64_t pad, int64_t dilation, int64_t inputs) {
    const int64_t shift = pad - tap * dilation; // input = output * stride - shift
    const int64_t begin = shift > 0 ? ceilDivide(shift, stride) : 0;
    const int64_t end = inputs - 1 + shift < 0 ? 0 : least(outputs, (inputs - 1 + shift) / stride + 1);
    return begin < end ? Range{uint32_t(begin), uint32_t(end)} : Range{0, 0};
}

/// Taps of one axis; those with equal ranges share pixel lists: `like` is the first of them.
struct TapAxis {
    Range* range;
    uint32_t* like;
};

template <unsigned Slot>
inline TapAxis makeTaps(uint32_t kernel, uint32_t outputs, uint32_t stride, int32_t pad, uint32_t dilation, uint32_t inputs) {
    const TapAxis axis{scratch<Range, Slot>(kernel), scratch<uint32_t, Slot + 1>(kernel)};
    for (uint32_t t = 0; t < kernel; ++t) {
        axis.range[t] = tapRange(t, outputs, stride, pad, dilation, inputs);
        axis.like[t] = t;
        for (uint32_t s = 0; s < t; ++s)
            if (axis.range[s].begin == axis.range[t].begin && axis.range[s].end == axis.range[t].end) {
                axis.like[t] = axis.like[s];
                break;
            }
    }
    return axis;
}

/// A run of rows (block, y) in order.
struct Rows {
    uint64_t begin, end;
};

template <class T> struct WeightsPass {
    const OpDescriptor& d;
    const T* dy;
    const T* x;
    T* c;
    TapAxis tapsY, tapsX;
    uint32_t taps = d.kernelH * d.kernelW;
    uint32_t inputs = d.channels / d.groups, outputs = d.outputs / d.groups;
    uint32_t blocks = ceilDivide(d.batch, d.lanes);
    size_t outPlane = size_t(d.outHeight) * d.outWidth * d.lanes, inPlane = size_t(d.height) * d.width * d.lanes;

    /// Lanes of a block that hold images.
    uint32_t valid(uint32_t block) const { return block + 1 < blocks ? d.lanes : d.batch - block * d.lanes; }

    /// Rows of about `size` pixels from `begin` on; a part-filled last block stands apart.
    Rows chunk(uint64_t begin, uint32_t size) const {
        const uint64_t step = most(1u, size / most(1u, d.outWidth)), total = uint64_t(blocks) * d.outHeight;
        const uint64_t full = valid(blocks - 1) == d.lanes ? total : total - d.outHeight;
        return {begin, least(begin + step, begin < full ? full : total)};
    }

    /// Pixels of a chunk that tap (ky, kx) uses, offsets from the chunk's first block. @returns their number.
    uint32_t listPixels(const Rows& rows, uint32_t ky, uint32_t kx, Pixel* list) const {
        const Range ry = tapsY.range[ky], rx = tapsX.range[kx];
        const uint32_t firstBlock = uint32_t(rows.begin / d.outHeight);
        uint32_t count = 0, block = firstBlock, oy = uint32_t(rows.begin % d.outHeight);
        for (uint64_t row = rows.begin; row < rows.end; ++row) {
            if (oy >= ry.begin && oy < ry.end) {
                const uint32_t iy = uint32_t(int64_t(oy) * d.strideH + int64_t(ky) * d.dilationH - d.padH);
                const int64_t ix = int64_t(rx.begin) * d.strideW + int64_t(kx) * d.dilationW - d.padW;
                uint32_t a = uint32_t((block - firstBlock) * d.outputs * outPlane + (oy * d.outWidth + rx.begin) * d.lanes);
                uint32_t b = uint32_t((block - firstBlock) * d.channels * inPlane + (iy * d.width + ix) * d.lanes);
                for (uint32_t ox = rx.begin; ox < rx.end; ++ox, a += d.lanes, b += d.strideW * d.lanes) list[count++] = {a, b};
            }
            if (++oy == d.outHeight) oy = 0, ++block;
        }
        return count;
    }
};

/// Channels [o0, o1) x [c0, c1) of one group: a task, whose partial sums stay on chip over the whole batch.
struct ChannelTile {
    uint32_t group, o0, o1, c0, c1;
};

/// Adds the lanes of a finished tile and writes dW. `acc`: [o part][c part][tap][o][c][lane].
template <class T, unsigned Lanes>
inline void storeWeights(const WeightsPass<T>& pass, const ChannelTile& tile, const ArrayShape& shape, const T* acc) {
    const bool accumulate = pass.d.flags & kAccumulate;
    for (uint32_t o0 = tile.o0; o0 < tile.o1; o0 += shape.outputs)
        for (uint32_t c0 = tile.c0; c0 < tile.c1; c0 += shape.inputs) {
            const uint32_t on = least<uint32_t>(shape.outputs, tile.o1 - o0), cn = least<uint32_t>(shape.inputs, tile.c1 - c0);
            for (uint32_t i = 0; i < on * cn; ++i) {
                T* to = pass.c + ((size_t(tile.group) * pass.outputs + o0 + i / cn) * pass.inputs + c0 + i % cn) * pass.taps;
                for (uint32_t t = 0; t < pass.taps; t += 8) {
                    const uint32_t count = least(8u, pass.taps - t);
                    T total[8];
                    addLanes<T, Lanes>(acc + (size_t(t) * on * cn + i) * Lanes, size_t(on) * cn * Lanes, count, total);
                    for (uint32_t j = 0; j < count; ++j)
#pragma HLS PIPELINE II=1
                        to[t + j] = accumulate ? to[t + j] + total[j] : total[j];
                }
            }
            acc += size_t(pass.taps) * on * cn * Lanes;
        }
}

/// All taps of a tile over one chunk of rows.
template <class T, unsigned Lanes>
inline void correlateChunk(const WeightsPass<T>& pass, const ChannelTile& tile, const ArrayShape& shape, const Rows& rows, Pixel* lists, uint32_t listSize,
                           uint32_t* counts, T* acc) {
    const OpDescriptor& d = pass.d;
    const uint32_t block = uint32_t(rows.begin / d.outHeight), valid = pass.valid(uint32_t((rows.end - 1) / d.outHeight));
    for (uint32_t ky = 0; ky < d.kernelH; ++ky)
        for (uint32_t kx = 0; kx < d.kernelW; ++kx)
            if (pass.tapsY.like[ky] == ky && pass.tapsX.like[kx] == kx)
                counts[ky * d.kernelW + kx] = pass.listPixels(rows, ky, kx, lists + size_t(ky * d.kernelW + kx) * listSize);
    const T* dy = pass.dy + (size_t(block) * d.outputs + size_t(tile.group) * pass.outputs) * pass.outPlane;
    const T* x = pass.x + (size_t(block) * d.channels + size_t(tile.group) * pass.inputs) * pass.inPlane;
    for (uint32_t o0 = tile.o0; o0 < tile.o1; o0 += shape.outputs)
        for (uint32_t c0 = tile.c0; c0 < tile.c1; c0 += shape.inputs) {
            const uint32_t on = least<uint32_t>(shape.outputs, tile.o1 - o0), cn = least<uint32_t>(shape.inputs, tile.c1 - c0);
            withArray<T, Lanes>(on, cn, [&]<unsigned O, unsigned C>() {
                for (uint32_t ky = 0; ky < d.kernelH; ++ky)
                    for (uint32_t kx = 0; kx < d.kernelW; ++kx, acc += O * C * Lanes) {
                        const uint32_t ly = pass.tapsY.like[ky], lx = pass.tapsX.like[kx], list = ly * d.kernelW + lx;
                        if (counts[list] == 0 && rows.begin > 0) continue;
                        const size_t shift = (size_t(ky - ly) * d.dilationH * d.width + size_t(kx - lx) * d.dilationW) * Lanes;
                        correlate<T, Lanes, O, C>(dy + o0 * pass.outPlane, pass.outPlane, x + c0 * pass.inPlane + shift, pass.inPlane,
                                                  lists + size_t(list) * listSize, counts[list], acc, rows.begin > 0, valid);
                    }
            });
        }
}

/// Pixels per chunk: about five channels of it should fit the innermost cache together.
constexpr uint32_t kChunkPixels = 64;
/// Elements of partial sums a task keeps (on the card: its accumulator memory).
constexpr uint32_t kPartialSums = 1 << 15;

template <class T, unsigned Lanes> inline void correlateWeights(const OpDescriptor& d, const T* dy, const T* x, T* c) {
    if (d.rowBegin >= d.rowEnd) return;
    const WeightsPass<T> pass{d, dy, x, c, makeTaps<0>(d.kernelH, d.outHeight, d.strideH, d.padH, d.dilationH, d.height),
                              makeTaps<2>(d.kernelW, d.outWidth, d.strideW, d.padW, d.dilationW, d.width)};
    const ArrayShape shape = arrayShape<T, Lanes>(pass.inputs);
    // Channel tile: about square, whole arrays, within the partial-sum memory, and enough tiles for every thread.
    const uint32_t pairs = most(shape.outputs * shape.inputs, kPartialSums / (pass.taps * Lanes));
    uint32_t co = shape.outputs, ci = shape.inputs;
    while (ci < pass.inputs && (ci + shape.inputs) * co <= pairs && ci <= co) ci += shape.inputs;
    while (co < pass.outputs && (co + shape.outputs) * ci <= pairs) co += shape.outputs;
    while (ci < pass.inputs && (ci + shape.inputs) * co <= pairs) ci += shape.inputs;
    const auto count = [&](uint32_t o) { return d.groups * ceilDivide(pass.outputs, o) * ceilDivide(pass.inputs, ci); };
    while (threadCount() > 1 && co > shape.outputs && count(co) < 3 * threadCount()) co -= shape.outputs;

    const uint32_t tilesO = ceilDivide(pass.outputs, co), tilesC = ceilDivide(pass.inputs, ci);
    const uint32_t listSize = most(kChunkPixels, d.outWidth);
    parallelTiles(d.groups * tilesO * tilesC, [&](uint32_t task) {
        const uint32_t group = task / (tilesO * tilesC), o = task / tilesC % tilesO * co, i = task % tilesC * ci;
        const uint32_t first = group * pass.outputs;
        const uint32_t low = d.rowBegin > first ? d.rowBegin - first : 0, high = d.rowEnd > first ? d.rowEnd - first : 0;
        const ChannelTile tile{group, most(o, low), least(least(o + co, pass.outputs), high), i, least(i + ci, pass.inputs)};
        if (tile.o0 >= tile.o1) return;
        T* acc = scratch<T, 4>(size_t(co + shape.outputs) * ci * pass.taps * Lanes);
        auto* lists = scratch<Pixel, 5>(size_t(listSize) * pass.taps);
        auto* counts = scratch<uint32_t, 6>(pass.taps);
        const uint64_t total = uint64_t(pass.blocks) * d.outHeight;
        for (uint64_t row = 0; row < total;) {
            const Rows rows = pass.chunk(row, kChunkPixels);
            correlateChunk<T, Lanes>(pass, tile, shape, rows, lists, listSize, counts, acc);
            row = rows.end;
        }
        storeWeights<T, Lanes>(pass, tile, shape, acc);
    });
}

/// bias[o] (+)= sum of dY over (block, pixel) per lane, then the lanes by the tree, then the preload. Shared with inner product.
template <class T, unsigned Lanes> inline void sumBias(const OpDescriptor& d, const T* dy, T* bias) {
    const size_t plane = size_t(d.outHeight) * d.outWidth * Lanes;
    const uint32_t blocks = ceilDivide(d.batch, uint32_t(Lanes)), last = d.batch - (blocks - 1) * Lanes;
    const uint32_t part = 4;
    if (d.rowBegin >= d.rowEnd) return;
    parallelTiles(ceilDivide(d.rowEnd - d.rowBegin, part), [&](uint32_t task) {
        const uint32_t begin = d.rowBegin + task * part, count = least(part, d.rowEnd - begin);
        constexpr unsigned W = kWidth<T, Lanes>;
        using V = Vector<T, W>;
        for (uint32_t o = begin; o < begin + count; ++o) {
            T sum[Lanes] = {};
            for (uint32_t block = 0; block < blocks; ++block) {
                const T* from = dy + (size_t(block) * d.outputs + o) * plane;
                V acc[Lanes / W];
                for (unsigned v = 0; v < Lanes / W; ++v) acc[v] = load<V>(sum + v * W);
                for (size_t i = 0; i < plane; i += Lanes)
#pragma HLS PIPELINE II=1
                    for (unsigned v = 0; v < Lanes / W; ++v) acc[v] = acc[v] + load<V>(from + i + v * W);
                const uint32_t valid = block + 1 == blocks ? last : Lanes;
                for (uint32_t lane = 0; lane < valid; ++lane) sum[lane] = acc[lane / W][lane % W];
            }
            T total;
            addLanes<T, Lanes>(sum, Lanes, 1, &total);
            bias[o] = (d.flags & kAccumulate) ? bias[o] + total : total;
        }
    });
}

} // namespace crema
