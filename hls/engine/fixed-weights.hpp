// Convolution backward-weights in fixed point. Lanes of the batch are the k of a factor: dY[o] and X[c] of a pixel, two lanes to a factor, need
// no packing but widening; four bytes not even that. Rows of both images are copied on chip with zeros at their ends and, for strides, with the columns of a
// phase together, so that every tap of a kernel row multiplies the same runs of pixels. Sums are exact, so lanes are added at any time.
#pragma once
#include "output.hpp"
#include "sums.hpp"
#include "weights.hpp"

namespace crema {

template <class T, unsigned Lanes> struct FixedWeights {
    static constexpr uint32_t kPixel = Lanes / kTogether<T>; // factors of a pixel
    WeightsPass<T> pass;
    OutputUnit unit;
    Terms words;
    uint32_t parts = words.split ? 2 : 1; // rows of the array per output channel: high, low
    uint32_t rowA = ceilDivide(pass.d.outWidth * kPixel, uint32_t(kPairWidth)) * kPairWidth; // factors of a row of dY
    uint32_t columns = (ceilDivide(rowA, kPixel) - 1) * pass.d.strideW + (pass.d.kernelW - 1) * pass.d.dilationW + 1; // of X, padding included
    uint32_t phase = ceilDivide(columns, pass.d.strideW) * kPixel;
    uint32_t rowB = phase * pass.d.strideW;
    uint32_t limit = words.template factors<T>(); // steps that an int32 sum holds

    /// Where tap kx of a row of X begins.
    uint32_t columnOf(uint32_t kx) const {
        const uint32_t at = kx * pass.d.dilationW;
        return at % pass.d.strideW * phase + at / pass.d.strideW * kPixel;
    }

    bool phaseUsed(uint32_t p) const {
        for (uint32_t kx = 0; kx < pass.d.kernelW; ++kx)
            if (kx * pass.d.dilationW % pass.d.strideW == p) return true;
        return false;
    }

    uint32_t steps(const RowChunk& chunk) const { return chunk.blocks * chunk.rows * (rowA / kPairWidth); }
};

/// count pixels, zero in lanes from `valid` on: widened, of a split operand its high (shift 7) or low (mask 127) bits, or bytes, biased or not.
template <class T, unsigned Lanes, bool Biased> inline void copyPixels(const T* __restrict from, uint32_t count, uint32_t valid, int32_t shift, int32_t mask, int32_t* to) {
    if constexpr (kQuads<T>) {
        T* __restrict bytes = reinterpret_cast<T*>(to);
        if (valid == Lanes) {
            for (uint32_t i = 0; i < count * Lanes; ++i)
#pragma HLS PIPELINE II=1
                bytes[i] = T(Biased ? from[i] ^ -128 : from[i]);
            return;
        }
        for (uint32_t i = 0; i < count; ++i)
            for (uint32_t lane = 0; lane < Lanes; ++lane)
#pragma HLS PIPELINE II=1
                bytes[i * Lanes + lane] = T((lane < valid ? from[i * Lanes + lane] : 0) ^ (Biased ? -128 : 0));
        return;
    }
    Half* __restrict halves = reinterpret_cast<Half*>(to);
    if (valid == Lanes) {
        widenLine(from, count * Lanes, shift, mask, halves);
        return;
    }
    for (uint32_t i = 0; i < count; ++i)
        for (uint32_t lane = 0; lane < Lanes; ++lane)
#pragma HLS PIPELINE II=1
            halves[i * Lanes + lane] = lane < valid ? int16_t(from[i * Lanes + lane] >> shift & mask) : int16_t(0);
}

inline void fillFactors(int32_t* to, uint32_t count, int32_t value) {
    for (uint32_t i = 0; i < count; ++i)
#pragma HLS PIPELINE II=1
        to[i] = value;
}

/// Sum of the bytes of `count` factors, a multiple of kPairWidth.
inline int64_t sumOfBytes(const int32_t* from, uint32_t count) {
    using V = Sums<kPairWidth>;
    V acc{};
    for (uint32_t i = 0; i < count; i += kPairWidth)
#pragma HLS PIPELINE II=1
        acc = dotQuads<kPairWidth>(acc, load<V>(from + i), V{} + 0x01010101);
    int64_t total = 0;
    for (unsigned i = 0; i < kPairWidth; ++i) total += acc[i];
    return total;
}

/// Rows of dY of a chunk: [output, part][block][y][rowA].
template <class T, unsigned Lanes>
inline void copyGradients(const FixedWeights<T, Lanes>& p, const ChannelTile& tile, const RowChunk& chunk, uint32_t plane, int32_t* memory) {
    const OpDescriptor& d = p.pass.d;
    for (uint32_t o = tile.o0; o < tile.o1; ++o)
        for (uint32_t part = 0; part < p.parts; ++part) {
            int32_t* to = memory + size_t((o - tile.o0) * p.parts + part) * plane;
            const int32_t shift = p.words.split && part == 0 ? 7 : 0, mask = p.words.split && part == 1 ? 127 : -1;
            for (uint32_t block = 0; block < chunk.blocks; ++block)
                for (uint32_t row = 0; row < chunk.rows; ++row, to += p.rowA) {
                    const T* from = p.pass.dy + (size_t(chunk.block + block) * d.outputs + size_t(tile.group) * p.pass.outputs + o) * p.pass.outPlane +
                                    size_t(chunk.y + row) * d.outWidth * Lanes;
                    copyPixels<T, Lanes, false>(from, d.outWidth, p.pass.valid(chunk.block + block), shift, mask, to);
                    fillFactors(to + d.outWidth * p.kPixel, p.rowA - d.outWidth * p.kPixel, 0);
                }
        }
}

/// Rows [y, y + height) of X of a chunk: [input][block][y][phase][column].
template <class T, unsigned Lanes>
inline void copyInputs(const FixedWeights<T, Lanes>& p, const ChannelTile& tile, const RowChunk& chunk, uint32_t y, uint32_t height, uint32_t plane, int32_t* memory) {
    const OpDescriptor& d = p.pass.d;
    constexpr int32_t kZero = kQuads<T> ? kByteBias : 0;
    for (uint32_t phase = 0; phase < d.strideW; ++phase) {
        if (!p.phaseUsed(phase)) continue;
        // Column i of the phase is x = i * stride + phase - pad; those inside the image are [begin, end).
        const int64_t shift = int64_t(d.padW) - phase, count = p.phase / p.kPixel;
        const uint32_t begin = uint32_t(least(count, shift > 0 ? ceilDivide<int64_t>(shift, d.strideW) : 0));
        const uint32_t end = most(begin, uint32_t(least(count, int64_t(d.width) - 1 + shift < 0 ? 0 : (int64_t(d.width) - 1 + shift) / d.strideW + 1)));
        const int64_t first = int64_t(begin) * d.strideW - shift;
        for (uint32_t c = tile.c0; c < tile.c1; ++c)
            for (uint32_t block = 0; block < chunk.blocks; ++block)
                for (uint32_t row = 0; row < height; ++row) {
                    int32_t* to = memory + size_t(c - tile.c0) * plane + size_t(block * height + row) * p.rowB + phase * p.phase;
                    const T* from = p.pass.x + (size_t(chunk.block + block) * d.channels + size_t(tile.group) * p.pass.inputs + c) * p.pass.inPlane +
                                    (size_t(y + row) * d.width + size_t(end > begin ? first : 0)) * Lanes;
                    fillFactors(to, begin * p.kPixel, kZero);
                    fillFactors(to + end * p.kPixel, p.phase - end * p.kPixel, kZero);
                    if (d.strideW == 1) copyPixels<T, Lanes, true>(from, end - begin, Lanes, 0, -1, to + begin * p.kPixel);
                    else
                        for (uint32_t i = begin; i < end; ++i)
                            copyPixels<T, Lanes, true>(from + size_t(i - begin) * d.strideW * Lanes, 1, Lanes, 0, -1, to + i * p.kPixel);
                }
    }
}

/// Lanes of `count` sums added to their totals.
inline void addPairs(const int32_t* sums, uint32_t count, const Column* columns, uint32_t columnCount, uint32_t taps, size_t rowTotals, int64_t* totals) {
    for (uint32_t i = 0; i < count; ++i) {
        int64_t total = 0;
        for (unsigned j = 0; j < kPairWidth; ++j)
#pragma HLS UNROLL
            total += sums[i * kPairWidth + j];
        const Column& column = columns[i % columnCount];
        totals[i / columnCount * rowTotals + size_t(column.channel) * taps + column.kx] += total;
    }
}

constexpr uint32_t kFixedChunkPixels = 128;

/// One task: a tile of channel pairs over the whole batch, and the output unit.
template <class T, unsigned Lanes> inline void fixedWeightsTile(const FixedWeights<T, Lanes>& p, const ChannelTile& tile, Statistics& statistics) {
    const OpDescriptor& d = p.pass.d;
    const uint32_t inputs = tile.c1 - tile.c0, rows = (tile.o1 - tile.o0) * p.parts, columnCount = inputs * d.kernelW;
    const uint32_t perRow = p.rowA / kPairWidth;
    const uint32_t pixels = most(1u, least(kFixedChunkPixels, uint32_t(uint64_t(p.limit) * kPairWidth / p.kPixel)));
    const RowChunk largest = p.pass.next({0, 1, 0, 0}, pixels);
    const uint32_t highest = least(d.height, (largest.rows - 1) * d.strideH + (d.kernelH - 1) * d.dilationH + 1);
    const uint32_t planeA = oddPlane(largest.blocks * largest.rows * p.rowA), planeB = oddPlane(largest.blocks * highest * p.rowB);
    auto* a = scratch<int32_t, 6>(size_t(rows) * planeA + size_t(inputs) * planeB);
    int32_t* b = a + size_t(rows) * planeA;
    auto* steps = scratch<Step, 5>(size_t(d.kernelH) * (p.steps(largest) + 1));
    auto* columns = scratch<Column, 4>(columnCount);
    for (uint32_t i = 0; i < columnCount; ++i) columns[i] = {i / d.kernelW, i % d.kernelW};
    // Sums wait as int32 lanes from chunk to chunk where so many fit; else each chunk's lanes are added at once.
    const bool waiting = p.limit >= 4 * p.steps(largest);
    const size_t rowTotals = size_t(inputs) * p.pass.taps, totalCount = rows * rowTotals;
    auto* totals = scratch<int64_t, 9>(totalCount + kLineLanes + rows * d.kernelH);
    for (size_t i = 0; i < totalCount; ++i) totals[i] = 0;
    int64_t* gradients = totals + totalCount + kLineLanes; // quads: sum of dY by row and ky, of which the bias of X added 128 times as much
    for (uint32_t i = 0; i < rows * d.kernelH; ++i) gradients[i] = 0;
    auto* sums = scratch<int32_t, 7>(waiting ? totalCount * kPairWidth : kPairRows * kPairColumns * kPairWidth);
    uint32_t used = 0;
    bool fresh = true;
    const uint32_t blocks = p.pass.blocks;
    for (RowChunk chunk = largest; chunk.block < blocks; chunk = p.pass.next(chunk, pixels)) {
        const Window window = p.pass.windowB(chunk);
        copyGradients(p, tile, chunk, planeA, a);
        copyInputs(p, tile, chunk, window.y, window.height, planeB, b);
        const RowChunk following = p.pass.next(chunk, pixels);
        const bool last = following.block >= blocks;
        used += p.steps(chunk);
        const bool flush = last || used + p.steps(largest) > p.limit;
        for (uint32_t ky = 0; ky < d.kernelH; ++ky) {
            if (p.pass.tapsY.like[ky] != ky) continue;
            const Range range = p.pass.tapsY.range[ky];
            Step* list = steps + size_t(ky) * (p.steps(largest) + 1);
            uint32_t count = 0;
            for (uint32_t block = 0; block < chunk.blocks; ++block)
                for (uint32_t oy = most(range.begin, chunk.y); oy < least(range.end, chunk.y + chunk.rows); ++oy) {
                    const uint32_t iy = uint32_t(int64_t(oy) * d.strideH + int64_t(ky) * d.dilationH - d.padH - window.y);
                    for (uint32_t i = 0; i < perRow; ++i)
#pragma HLS PIPELINE II=1
                        list[count++] = {(block * chunk.rows + oy - chunk.y) * p.rowA + i * kPairWidth, (block * window.height + iy) * p.rowB + i * kPairWidth};
                }
            list[p.steps(largest)].a = count;
        }
        for (uint32_t i = 0; kQuads<T> && i < rows * chunk.blocks * chunk.rows; ++i) {
            const uint32_t o = i / (chunk.blocks * chunk.rows), line = i % (chunk.blocks * chunk.rows), oy = chunk.y + line % chunk.rows;
            const int64_t sum = sumOfBytes(a + size_t(o) * planeA + line * p.rowA, p.rowA);
            for (uint32_t ky = 0; ky < d.kernelH; ++ky)
                if (oy >= p.pass.tapsY.range[ky].begin && oy < p.pass.tapsY.range[ky].end) gradients[o * d.kernelH + ky] += sum;
        }
        int32_t* at = sums;
        for (uint32_t row = 0; row < rows; row += kPairRows) {
            const uint32_t rowCount = least(uint32_t(kPairRows), rows - row);
            for (uint32_t ky = 0; ky < d.kernelH; ++ky) {
                const uint32_t like = p.pass.tapsY.like[ky];
                const Step* list = steps + size_t(like) * (p.steps(largest) + 1);
                const uint32_t count = list[p.steps(largest)].a;
                const uint32_t groups = ceilDivide(columnCount, uint32_t(kPairColumns));
                for (uint32_t g = 0; g < groups; ++g) {
                    const uint32_t low = columnCount * g / groups, together = columnCount * (g + 1) / groups - low;
                    const int32_t* starts[kPairColumns];
                    for (uint32_t c = 0; c < together; ++c)
                        starts[c] = b + columns[low + c].channel * planeB + (ky - like) * d.dilationH * p.rowB + p.columnOf(columns[low + c].kx);
                    const int32_t* first = a + size_t(row) * planeA;
                    int64_t* to = totals + row * rowTotals + ky * d.kernelW;
                    if (waiting) {
                        sumPixels({first, planeA, starts, rowCount, together, list, count, at, fresh, kQuads<T>});
                        if (flush) addPairs(at, rowCount * together, columns + low, together, p.pass.taps, rowTotals, to);
                        at += rowCount * together * kPairWidth;
                        continue;
                    }
                    for (uint32_t i = 0; i < count; i += p.limit) {
                        sumPixels({first, planeA, starts, rowCount, together, list + i, least(p.limit, count - i), sums, true, kQuads<T>});
                        addPairs(sums, rowCount * together, columns + low, together, p.pass.taps, rowTotals, to);
                    }
                }
            }
        }
        fresh = flush;
        if (flush) used = 0;
    }
    for (uint32_t o = 0; o < tile.o1 - tile.o0; ++o) {
        int64_t* line = totals + size_t(o) * p.parts * rowTotals;
        for (size_t i = 0; kQuads<T> && i < rowTotals; ++i) line[i] -= gradients[o * d.kernelH + i % p.pass.taps / d.kernelW] * 128;
        if (p.words.split)
            for (size_t i = 0; i < rowTotals; ++i)
#pragma HLS PIPELINE II=1
                line[i] = line[i] * 128 + line[rowTotals + i];
        const size_t index = ((size_t(tile.group) * p.pass.outputs + tile.o0 + o) * p.pass.inputs + tile.c0) * p.pass.taps;
        outputLine(p.unit, line, uint32_t(rowTotals), uint32_t(index), p.pass.c + index, statistics);
    }
}

template <class T, unsigned Lanes> inline Statistics correlateFixed(const OpDescriptor& d, const T* dy, const T* x, T* c) {
    Statistics all;
    if (d.rowBegin >= d.rowEnd) return all;
    const FixedWeights<T, Lanes> p{{d, dy, x, c, makeTaps<0>(d.kernelH, d.outHeight, d.strideH, d.padH, d.dilationH, d.height), TapAxis{}},
                                   OutputUnit(d), Terms(d.wordA, d.wordB)};
    const uint32_t pairs = kPartialSums / (p.pass.taps * kPairWidth * p.parts);
    uint32_t co = least(p.pass.outputs, 12u), ci = least(p.pass.inputs, 4u);
    while (ci < p.pass.inputs && (ci + 4) * co <= pairs && ci <= co) ci = least(ci + 4, p.pass.inputs);
    while (co < p.pass.outputs && (co + 12) * ci <= pairs) co = least(co + 12, p.pass.outputs);
    while (ci < p.pass.inputs && (ci + 4) * co <= pairs) ci = least(ci + 4, p.pass.inputs);
    const auto count = [&](uint32_t o) { return d.groups * ceilDivide(p.pass.outputs, o) * ceilDivide(p.pass.inputs, ci); };
    while (threadCount() > 1 && co > 6 && count(co) < 3 * threadCount()) co = ceilDivide(co, 2u);
    const uint32_t tilesO = ceilDivide(p.pass.outputs, co), tilesC = ceilDivide(p.pass.inputs, ci), tasks = d.groups * tilesO * tilesC;
    auto* statistics = scratch<Statistics, 8>(tasks);
    parallelTiles(tasks, [&](uint32_t task) {
        const uint32_t group = task / (tilesO * tilesC), o = task / tilesC % tilesO, i = task % tilesC;
        const uint32_t first = group * p.pass.outputs;
        const uint32_t low = d.rowBegin > first ? d.rowBegin - first : 0, high = d.rowEnd > first ? d.rowEnd - first : 0;
        const auto part = [](uint32_t total, uint32_t count, uint32_t at) { return uint32_t(uint64_t(total) * at / count); };
        const ChannelTile tile{group, most(part(p.pass.outputs, tilesO, o), low), least(part(p.pass.outputs, tilesO, o + 1), high), part(p.pass.inputs, tilesC, i),
                               part(p.pass.inputs, tilesC, i + 1)};
        statistics[task] = Statistics{};
        if (tile.o0 < tile.o1) fixedWeightsTile<T, Lanes>(p, tile, statistics[task]);
    });
    for (uint32_t task = 0; task < tasks; ++task) all.merge(statistics[task]);
    return all;
}

/// bias[o] = exact sum of dY over the batch and all pixels. Shared with inner product.
template <class T, unsigned Lanes> inline void sumFixedBias(const OpDescriptor& d, const T* dy, int64_t* bias) {
    constexpr size_t kExact = size_t(1) << 15; // pixels that an int32 sum of 16-bit numbers holds
    if (d.rowBegin >= d.rowEnd) return;
    parallelTiles(d.rowEnd - d.rowBegin, [&](uint32_t task) {
        const uint32_t o = d.rowBegin + task;
        const size_t plane = size_t(d.outHeight) * d.outWidth;
        int64_t total = 0;
        for (uint32_t n = 0; n < d.batch; n += Lanes) {
            const T* from = dy + (size_t(n / Lanes) * d.outputs + o) * plane * Lanes;
            for (size_t begin = 0; begin < plane; begin += kExact) {
                int32_t sum[Lanes] = {};
                for (size_t i = begin; i < least(plane, begin + kExact); ++i)
#pragma HLS PIPELINE II=1
                    for (unsigned lane = 0; lane < Lanes; ++lane) sum[lane] += from[i * Lanes + lane];
                for (uint32_t lane = 0; lane < least(uint32_t(Lanes), d.batch - n); ++lane) total += sum[lane];
            }
        }
        bias[o] = total;
    });
}

} // namespace crema
