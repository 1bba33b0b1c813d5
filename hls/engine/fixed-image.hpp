// Convolution forward and backward-data in fixed point: as image.hpp, with channels taken in groups of two (int16) or four (int8) that
// stand in one 32-bit factor, and sums of all chunks kept on chip until the output unit.
#pragma once
#include "image.hpp"
#include "output.hpp"
#include "sums.hpp"

namespace crema {

/// The pass and how its factors are packed. Steps of k: (channel group, ky, kx).
template <class T> struct FixedPass {
    ImagePass<T> image;
    const int64_t* bias; // per row, or null
    OutputUnit unit;
    Terms words;
    static constexpr bool quads = kQuads<T>;
    static constexpr uint32_t together = kTogether<T>; // channels of a factor
    uint32_t depth = ceilDivide(image.depth, together), steps = depth * image.taps;
    uint32_t limit = words.template factors<T>(); // steps that an int32 sum holds

    /// Packs rows from `row` on as [step][stride]; of a split operand the high (part 1) or low bits.
    void pack(int32_t* panel, uint32_t stride, const Panel& rows, unsigned part) const {
        const int32_t shift = words.split && part ? 7 : 0;
        const uint32_t mask = quads ? 255 : words.split && !part ? 127 : 0xffff, bits = 32 / together;
        const size_t step = size_t(image.forward ? 1 : image.inputs) * image.taps; // from a channel of the sum to the next
        for (uint32_t outer = 0; outer < depth; ++outer)
            for (uint32_t r = 0; r < rows.rows; ++r) {
                const uint32_t k = outer * together, row = rows.row + r, present = least(together, image.depth - k);
                const size_t o = size_t(rows.group) * image.outputs + (image.forward ? row : k), c = image.forward ? k : row;
                const T* from = image.a + (o * image.inputs + c) * image.taps;
                int32_t* to = panel + size_t(outer) * image.taps * stride + r;
                for (uint32_t t = 0; t < image.taps; ++t) {
#pragma HLS PIPELINE II=1
                    uint32_t packed = uint32_t(from[t] >> shift) & mask;
                    for (uint32_t i = 1; i < present; ++i) packed |= (uint32_t(from[i * step + t] >> shift) & mask) << bits * i;
                    to[size_t(t) * stride] = int32_t(packed);
                }
            }
    }
};

/// Copies the windows of `blocks` blocks, `depth` channel groups from channel `first` of `channels` on.
template <class T>
inline void packWindows(const FixedPass<T>& pass, const Source<T>& source, const Window& window, uint32_t blocks, uint32_t first, uint32_t depth, int32_t* memory) {
    const uint32_t line = window.width * pass.image.lanes;
    for (uint32_t block = 0; block < blocks; ++block)
        for (uint32_t outer = 0; outer < depth; ++outer) {
            const uint32_t channel = first + outer * pass.together, present = least(pass.together, pass.image.depth - channel);
            for (uint32_t row = 0; row < window.height; ++row) {
                const T* from[4];
                for (uint32_t i = 0; i < 4; ++i)
                    from[i] = source.base + block * source.image + (channel + (i < present ? i : 0)) * source.plane + (size_t(window.y + row) * source.width + window.x) * pass.image.lanes;
                packLine<T, true>(from, present, line, 0, -1, memory + size_t(block) * window.image + size_t(outer) * window.plane + size_t(row) * line);
            }
        }
}

/// Panels of packed factors: all high (or only) parts, then all low ones.
struct FixedPanels {
    const Panel* panels;
    uint32_t count;
    const int32_t* packed;
    size_t lowOffset;
    uint32_t stride;
};

/// Sums of a chunk of k for every place of a tile and every panel, added to the accumulators.
template <class T, class Acc>
inline void sumChunk(const FixedPass<T>& pass, const int32_t* pixels, const uint32_t* places, uint32_t placeCount, const Tap* taps, uint32_t count,
                     const FixedPanels& run, size_t offset, bool fresh, Acc* acc) {
    const uint32_t runs = ceilDivide(count, pass.limit), lanes = pass.image.lanes;
    const size_t rowStride = size_t(placeCount) * lanes;
    for (uint32_t i = 0; i < run.count; ++i) {
        const Panel& panel = run.panels[i];
        const int32_t* a = run.packed + size_t(i) * run.stride * pass.steps + offset;
        for (uint32_t j = 0; j < runs; ++j) {
            const uint32_t begin = uint32_t(uint64_t(count) * j / runs), end = uint32_t(uint64_t(count) * (j + 1) / runs);
            GatheredSums call{a, taps + begin, end - begin, pixels, places, placeCount, panel.rows, lanes, pass.quads};
            sumGathered(call, {acc, sizeof(Acc) == 8, rowStride, fresh && j == 0, pass.words.split ? 7u : 0u});
            if (!pass.words.split) continue;
            call.a += run.lowOffset;
            sumGathered(call, {acc, sizeof(Acc) == 8, rowStride, false, 0});
        }
        acc += panel.rows * rowStride;
    }
}

/// One task: a tile of pixels times a run of panels of one group, over all k, and the output unit.
template <class T, unsigned Lanes, class Acc>
inline void fixedTile(const FixedPass<T>& pass, const Axis& y, const Axis& x, const PixelTile& tile, const FixedPanels& run, Statistics& statistics) {
    const ImagePass<T>& image = pass.image;
    const Window window = windowOf(y, x, tile, Lanes);
    const uint32_t perChannel = tile.countY * tile.countX;
    auto* taps = scratch<Tap, 6>(size_t(tile.depth) * perChannel);
    auto* pixels = scratch<int32_t, 7>(size_t(window.image) * tile.blocks);
    PixelPlace list[kTilePixels];
    uint32_t places[kTilePixels];
    OutputPlace outputs[kTilePixels];
    listTaps(image, y, x, tile, window, run.stride, taps);
    const uint32_t placeCount = listPlaces(image, y, x, tile, window, list);
    const size_t block = size_t(image.d.groups) * image.rows * image.resultPlane;
    for (uint32_t i = 0; i < placeCount; ++i) {
        places[i] = list[i].b;
        const size_t at = list[i].c / block;
        outputs[i] = {list[i].c, uint32_t(at * block + list[i].c % block / Lanes), least(uint32_t(Lanes), image.d.batch - uint32_t(at) * Lanes)};
    }
    uint32_t rows = 0;
    for (uint32_t i = 0; i < run.count; ++i) rows += run.panels[i].rows;
    const size_t rowSums = size_t(placeCount) * Lanes;
    Acc* acc = scratch<Acc, 9>(rows * rowSums);
    if (perChannel == 0)
        for (size_t i = 0; i < rows * rowSums; ++i) acc[i] = 0;
    const Source<T> source{image.b + (size_t(tile.block) * image.d.groups + run.panels[0].group) * image.depth * image.sourcePlane, image.sourcePlane,
                           size_t(image.d.groups) * image.depth * image.sourcePlane, image.sourceWidth};
    for (uint32_t outer = 0; outer < pass.depth && perChannel > 0; outer += tile.depth) {
#pragma HLS DATAFLOW
        const uint32_t depth = least(tile.depth, pass.depth - outer);
        packWindows(pass, source, window, tile.blocks, outer * pass.together, depth, pixels);
        sumChunk(pass, pixels, places, placeCount, taps, depth * perChannel, run, size_t(outer) * image.taps * run.stride, outer == 0, acc);
    }
    const uint32_t channels = image.d.groups * image.rows, plane = uint32_t(image.resultPlane / Lanes);
    for (uint32_t i = 0; i < run.count; ++i)
        for (uint32_t r = 0; r < run.panels[i].rows; ++r, acc += rowSums) {
            const uint32_t row = run.panels[i].group * image.rows + run.panels[i].row + r;
            for (uint32_t p = 0; p < placeCount; ++p) outputs[p].element += row * plane;
            outputRow<T, Lanes>(pass.unit, acc, outputs, placeCount, pass.bias ? pass.bias[row] : 0, channels * plane, image.c + row * image.resultPlane, statistics);
            for (uint32_t p = 0; p < placeCount; ++p) outputs[p].element -= row * plane;
        }
}

template <class T, unsigned Lanes, class Acc> inline Statistics convolveFixed(const FixedPass<T>& pass) {
    const ImagePass<T>& image = pass.image;
    const OpDescriptor& d = image.d;
    Statistics all;
    if (d.rowBegin >= d.rowEnd || d.blockBegin >= d.blockEnd) return all;
    const Axis y = makeAxis<0>(image.forward, image.resultHeight, image.sourceHeight, d.kernelH, d.strideH, d.padH, d.dilationH);
    const Axis x = makeAxis<2>(image.forward, image.resultWidth, image.sourceWidth, d.kernelW, d.strideW, d.padW, d.dilationW);
    const uint32_t chunk = least(kChunk, most(1u, pass.limit - pass.limit / 64));
    const uint32_t tileCount = makePixelTiles(y, x, d.blockBegin, d.blockEnd, pass.depth, Lanes, nullptr, chunk);
    const uint32_t stride = ceilDivide(image.rows, ceilDivide(image.rows, uint32_t(MT_ROWS)));
    auto* tiles = reinterpret_cast<PixelTile*>(scratch<char, 4>(tileCount * sizeof(PixelTile) + (d.rowEnd - d.rowBegin) * sizeof(Panel)));
    auto* panels = reinterpret_cast<Panel*>(tiles + tileCount);
    makePixelTiles(y, x, d.blockBegin, d.blockEnd, pass.depth, Lanes, tiles, chunk);
    const uint32_t panelCount = makePanels(panels, image.rows, d.rowBegin, d.rowEnd, stride);

    const size_t panelElements = size_t(stride) * pass.steps, parts = pass.words.split ? 2 : 1;
    const uint32_t resident = uint32_t(least<size_t>(panelCount, most<size_t>(1, kScratchElements / (panelElements * parts))));
    const size_t lowOffset = resident * panelElements;
    auto* packed = scratch<int32_t, 5>(lowOffset * parts + 16);
    for (uint32_t first = 0; first < panelCount; first += resident) {
        const uint32_t end = least(panelCount, first + resident);
        parallelTiles(end - first, [&](uint32_t i) {
            pass.pack(packed + i * panelElements, stride, panels[first + i], 1);
            if (pass.words.split) pass.pack(packed + lowOffset + i * panelElements, stride, panels[first + i], 0);
        });
        const uint32_t firstGroup = panels[first].group, groups = panels[end - 1].group - firstGroup + 1;
        const uint32_t cuts = threadCount() == 1 ? 1 : least(ceilDivide(image.rows, stride), ceilDivide(4 * threadCount(), tileCount * groups));
        const uint32_t tasks = tileCount * groups * cuts;
        auto* statistics = scratch<Statistics, 8>(tasks);
        parallelTiles(tasks, [&](uint32_t task) {
            const uint32_t group = firstGroup + task / (tileCount * cuts), cut = task / tileCount % cuts;
            uint32_t from = first, to = end;
            while (panels[from].group < group) ++from;
            while (panels[to - 1].group > group) --to;
            const uint32_t count = to - from, low = from + count * cut / cuts, high = from + count * (cut + 1) / cuts;
            statistics[task] = Statistics{};
            if (low == high) return;
            const FixedPanels run{panels + low, high - low, packed + (low - first) * panelElements, lowOffset, stride};
            fixedTile<T, Lanes, Acc>(pass, y, x, tiles[task % tileCount], run, statistics[task]);
        });
        for (uint32_t task = 0; task < tasks; ++task) all.merge(statistics[task]);
    }
    return all;
}

} // namespace crema
