// Convolution backward-weights: dW[o][c][ky][kx] (+)= sum over (image, y, x) of dY[o] * X[c]. Every batch lane keeps its own partial
// sum over (block, y, x) ascending; the lanes are added by a fixed tree, then the preload. The pixels come in chunks of rows,
// copied on chip and small enough that the rows and columns of an array stay in the innermost cache for all taps.
#pragma once
#include "axis.hpp"
#include "correlate.hpp"
#include "window.hpp"

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

/// Blocks x output rows whose pixels are taken together: rows of one block, or several whole images.
struct RowChunk {
    uint32_t block, blocks, y, rows;
};

/// Channels [o0, o1) x [c0, c1) of one group: a task, whose partial sums stay on chip over the whole batch.
struct ChannelTile {
    uint32_t group, o0, o1, c0, c1;
};

/// One column of the array: an input channel of the tile at a horizontal tap.
struct Column {
    uint32_t channel, kx;
};

/// Columns first .. first + count - 1 stand in the array together; they share the pixel list of tap `like`.
struct ColumnGroup {
    uint32_t first, count, like;
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

    /// The chunk after `last` of about `size` pixels; a part-filled last block stands apart.
    RowChunk next(const RowChunk& last, uint32_t size) const {
        RowChunk c{last.block, 1, last.y + last.rows, 0};
        if (c.y == d.outHeight) c.y = 0, c.block += last.blocks;
        const uint32_t rows = most(1u, size / most(1u, d.outWidth));
        c.rows = least(rows, d.outHeight - c.y);
        const uint32_t full = valid(blocks - 1) == d.lanes ? blocks : blocks - 1;
        if (c.rows == d.outHeight && c.block < full) c.blocks = least(most(1u, rows / d.outHeight), full - c.block);
        return c;
    }

    Window windowA(const RowChunk& c) const { return {c.y, 0, c.rows, d.outWidth, oddPlane(c.rows * d.outWidth * d.lanes), 0}; }
    Window windowB(const RowChunk& c) const {
        const int64_t low = most<int64_t>(0, int64_t(c.y) * d.strideH - d.padH);
        const int64_t high = least<int64_t>(d.height, int64_t(c.y + c.rows - 1) * d.strideH + int64_t(d.kernelH - 1) * d.dilationH - d.padH + 1);
        const uint32_t rows = high > low ? uint32_t(high - low) : 0;
        return {uint32_t(low), 0, rows, d.width, oddPlane(rows * d.width * d.lanes), 0};
    }

    /// Pixels of a chunk that tap (ky, kx) uses, as offsets into the windows. @returns their number.
    uint32_t listPixels(const RowChunk& chunk, const Window& wa, const Window& wb, uint32_t ky, uint32_t kx, Pixel* list) const {
        const Range ry = tapsY.range[ky], rx = tapsX.range[kx];
        const uint32_t begin = most(ry.begin, chunk.y), end = least(ry.end, chunk.y + chunk.rows);
        uint32_t count = 0;
        for (uint32_t block = 0; block < chunk.blocks; ++block)
            for (uint32_t oy = begin; oy < end; ++oy) {
                const int64_t iy = int64_t(oy) * d.strideH + int64_t(ky) * d.dilationH - d.padH - wb.y;
                const int64_t ix = int64_t(rx.begin) * d.strideW + int64_t(kx) * d.dilationW - d.padW;
                uint32_t a = block * wa.image + ((oy - wa.y) * d.outWidth + rx.begin) * d.lanes;
                uint32_t b = uint32_t(block * wb.image + (iy * d.width + ix) * d.lanes);
                for (uint32_t ox = rx.begin; ox < rx.end; ++ox, a += d.lanes, b += d.strideW * d.lanes) list[count++] = {a, b};
            }
        return count;
    }
};

/// Fills the columns of a tile, four channels at a time through all horizontal taps, and groups those that share a pixel
/// list: taps of one channel where the image has no border, channels of one tap elsewhere. @returns the number of groups.
inline uint32_t groupColumns(const TapAxis& taps, uint32_t kernelW, uint32_t channels, Column* columns, ColumnGroup* groups) {
    uint32_t filled = 0, count = 0;
    for (uint32_t c0 = 0; c0 < channels; c0 += kArrayColumns)
        for (uint32_t like = 0; like < kernelW; ++like) {
            if (taps.like[like] != like) continue;
            const uint32_t begin = filled;
            for (uint32_t c = c0; c < least(channels, c0 + kArrayColumns); ++c)
                for (uint32_t kx = like; kx < kernelW; ++kx)
                    if (taps.like[kx] == like) columns[filled++] = {c, kx};
            const uint32_t parts = ceilDivide(filled - begin, uint32_t(kArrayColumns));
            for (uint32_t i = 0; i < parts; ++i) {
                const uint32_t low = begin + (filled - begin) * i / parts, high = begin + (filled - begin) * (i + 1) / parts;
                groups[count++] = {low, high - low, like};
            }
        }
    return count;
}

/// Scratch of one task.
template <class T> struct WeightsScratch {
    Column* columns;
    ColumnGroup* groups;
    uint32_t groupCount, rows; // rows of the array
    Pixel* lists;              // [like ky][like kx][listSize]
    uint32_t listSize;
    uint32_t* counts;
    T *a, *b; // windows of dY and X
    T* acc;   // [o part][ky][column group][o][c][lane]
};

/// One chunk: copies the windows, lists the pixels of every kind of tap and runs all taps of the tile.
template <class T, unsigned Lanes> inline void correlateChunk(const WeightsPass<T>& pass, const ChannelTile& tile, const RowChunk& chunk, const WeightsScratch<T>& s) {
#pragma HLS DATAFLOW
    const OpDescriptor& d = pass.d;
    const uint32_t outputs = tile.o1 - tile.o0, inputs = tile.c1 - tile.c0;
    Window wa = pass.windowA(chunk), wb = pass.windowB(chunk);
    const Source<T> a{pass.dy + (size_t(chunk.block) * d.outputs + size_t(tile.group) * pass.outputs + tile.o0) * pass.outPlane, pass.outPlane, d.outputs * pass.outPlane, d.outWidth};
    const Source<T> b{pass.x + (size_t(chunk.block) * d.channels + size_t(tile.group) * pass.inputs + tile.c0) * pass.inPlane, pass.inPlane, d.channels * pass.inPlane, d.width};
    const T* rowsA = openWindow(a, wa, chunk.blocks, outputs, Lanes, s.a);
    const T* columnsB = openWindow(b, wb, chunk.blocks, inputs, Lanes, s.b);
    for (uint32_t ky = 0; ky < d.kernelH; ++ky)
        for (uint32_t kx = 0; kx < d.kernelW; ++kx)
            if (pass.tapsY.like[ky] == ky && pass.tapsX.like[kx] == kx)
                s.counts[ky * d.kernelW + kx] = pass.listPixels(chunk, wa, wb, ky, kx, s.lists + size_t(ky * d.kernelW + kx) * s.listSize);
    const bool first = chunk.block == 0 && chunk.y == 0;
    const uint32_t valid = pass.valid(chunk.block);
    T* acc = s.acc;
    for (uint32_t o = 0; o < outputs; o += s.rows) {
        const uint32_t on = least(s.rows, outputs - o);
        for (uint32_t ky = 0; ky < d.kernelH; ++ky)
            for (uint32_t g = 0; g < s.groupCount; ++g) {
                const ColumnGroup& group = s.groups[g];
                const uint32_t ly = pass.tapsY.like[ky], list = ly * d.kernelW + group.like;
                T* sums = acc;
                acc += on * group.count * Lanes;
                if (s.counts[list] == 0 && !first) continue;
                const T* columns[kArrayColumns];
                for (uint32_t c = 0; c < group.count; ++c) {
                    const Column& column = s.columns[group.first + c];
                    columns[c] = columnsB + column.channel * wb.plane + ((ky - ly) * d.dilationH * d.width + (column.kx - group.like) * d.dilationW) * Lanes;
                }
                withArray(on, group.count, [&]<unsigned O, unsigned C>() {
                    correlate<T, Lanes, O, C>(rowsA + o * wa.plane, wa.plane, columns, s.lists + size_t(list) * s.listSize, s.counts[list], sums, !first, valid);
                });
            }
    }
}

/// Adds the lanes of a finished tile and writes dW.
template <class T, unsigned Lanes> inline void storeWeights(const WeightsPass<T>& pass, const ChannelTile& tile, const WeightsScratch<T>& s) {
    const bool accumulate = pass.d.flags & kAccumulate;
    const T* acc = s.acc;
    for (uint32_t o = tile.o0; o < tile.o1; o += s.rows) {
        const uint32_t on = least(s.rows, tile.o1 - o);
        for (uint32_t ky = 0; ky < pass.d.kernelH; ++ky)
            for (uint32_t g = 0; g < s.groupCount; ++g) {
                const ColumnGroup& group = s.groups[g];
                T total[kArrayRows * kArrayColumns + 8];
                addLanes<T, Lanes>(acc, on * group.count, total);
                acc += on * group.count * Lanes;
                const T* sum = total;
                for (uint32_t r = 0; r < on; ++r) {
                    T* row = pass.c + ((size_t(tile.group) * pass.outputs + o + r) * pass.inputs + tile.c0) * pass.taps + ky * pass.d.kernelW;
                    for (uint32_t i = 0; i < group.count; ++i, ++sum) {
#pragma HLS PIPELINE II=1
                        const Column& column = s.columns[group.first + i];
                        T& to = row[column.channel * pass.taps + column.kx];
                        to = accumulate ? to + *sum : *sum;
                    }
                }
            }
    }
}

constexpr uint32_t kChunkPixels = 64;      // an array's rows and columns of so many pixels share the first cache
constexpr uint32_t kPartialSums = 1 << 16; // elements of partial sums a task keeps (on the card: its accumulator memory)

template <class T, unsigned Lanes> inline void correlateTile(const WeightsPass<T>& pass, const ChannelTile& tile) {
    const OpDescriptor& d = pass.d;
    const uint32_t outputs = tile.o1 - tile.o0, inputs = tile.c1 - tile.c0, columns = inputs * d.kernelW;
    WeightsScratch<T> s;
    s.listSize = most(kChunkPixels, d.outWidth);
    s.columns = scratch<Column, 4>(columns + size_t(columns) * sizeof(ColumnGroup) / sizeof(Column) + 2);
    s.groups = reinterpret_cast<ColumnGroup*>(s.columns + columns);
    s.groupCount = groupColumns(pass.tapsX, d.kernelW, inputs, s.columns, s.groups);
    uint32_t widest = 1;
    for (uint32_t g = 0; g < s.groupCount; ++g) widest = most(widest, s.groups[g].count);
    s.rows = arrayRows(widest);
    s.rows = ceilDivide(outputs, ceilDivide(outputs, s.rows));
    s.lists = scratch<Pixel, 5>(size_t(s.listSize) * pass.taps + pass.taps);
    s.counts = reinterpret_cast<uint32_t*>(s.lists + size_t(s.listSize) * pass.taps);
    const uint32_t blocks = ceilDivide(d.batch, uint32_t(Lanes));
    const RowChunk largest = pass.next({0, 1, 0, 0}, kChunkPixels);
    const size_t a = size_t(largest.blocks) * outputs * pass.windowA({0, 1, 0, largest.rows}).plane;
    const size_t b = size_t(largest.blocks) * inputs * oddPlane(least(d.height, (largest.rows - 1) * d.strideH + (d.kernelH - 1) * d.dilationH + 1) * d.width * Lanes);
    s.a = scratch<T, 6>(a + b);
    s.b = s.a + a;
    const size_t sums = size_t(outputs) * columns * d.kernelH * Lanes;
    s.acc = scratch<T, 7>(sums);
    if (pass.valid(0) < Lanes) // lanes that no image ever reaches still enter the tree
        for (size_t i = 0; i < sums; ++i) s.acc[i] = T{};
    for (RowChunk chunk = largest; chunk.block < blocks; chunk = pass.next(chunk, kChunkPixels)) correlateChunk<T, Lanes>(pass, tile, chunk, s);
    storeWeights<T, Lanes>(pass, tile, s);
}

template <class T, unsigned Lanes> inline void correlateWeights(const OpDescriptor& d, const T* dy, const T* x, T* c) {
    if (d.rowBegin >= d.rowEnd) return;
    const WeightsPass<T> pass{d, dy, x, c, makeTaps<0>(d.kernelH, d.outHeight, d.strideH, d.padH, d.dilationH, d.height),
                              makeTaps<2>(d.kernelW, d.outWidth, d.strideW, d.padW, d.dilationW, d.width)};
    // Channel tile: about square, in steps of a whole array, within the partial-sum memory, enough tiles for every thread.
    const uint32_t pairs = kPartialSums / (pass.taps * Lanes);
    uint32_t co = least(pass.outputs, 12u), ci = least(pass.inputs, 4u);
    while (ci < pass.inputs && (ci + 4) * co <= pairs && ci <= co) ci = least(ci + 4, pass.inputs);
    while (co < pass.outputs && (co + 12) * ci <= pairs) co = least(co + 12, pass.outputs);
    while (ci < pass.inputs && (ci + 4) * co <= pairs) ci = least(ci + 4, pass.inputs);
    const auto count = [&](uint32_t o) { return d.groups * ceilDivide(pass.outputs, o) * ceilDivide(pass.inputs, ci); };
    while (threadCount() > 1 && co > 6 && count(co) < 3 * threadCount()) co = ceilDivide(co, 2u);
    const uint32_t tilesO = ceilDivide(pass.outputs, co), tilesC = ceilDivide(pass.inputs, ci);
    parallelTiles(d.groups * tilesO * tilesC, [&](uint32_t task) {
        const uint32_t group = task / (tilesO * tilesC), o = task / tilesC % tilesO, i = task % tilesC;
        const uint32_t first = group * pass.outputs;
        const uint32_t low = d.rowBegin > first ? d.rowBegin - first : 0, high = d.rowEnd > first ? d.rowEnd - first : 0;
        const auto part = [](uint32_t total, uint32_t parts, uint32_t at) { return uint32_t(uint64_t(total) * at / parts); };
        const ChannelTile tile{group, most(part(pass.outputs, tilesO, o), low), least(part(pass.outputs, tilesO, o + 1), high), part(pass.inputs, tilesC, i),
                               part(pass.inputs, tilesC, i + 1)};
        if (tile.o0 < tile.o1) correlateTile<T, Lanes>(pass, tile);
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
            addLanes<T, Lanes>(sum, 1, &total);
            bias[o] = (d.flags & kAccumulate) ? bias[o] + total : total;
        }
    });
}

} // namespace crema
