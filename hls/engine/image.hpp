// Convolution forward and backward-data: C[row][pixel][lane] = sum over k of A[row][k] * B[k][pixel][lane], where a row is an
// output (input) channel and k = (channel, ky, kx) ascending. Pixels of one border class share one list of in-range taps, so
// the border costs no arithmetic on zeros and strides cost no zero products. A task copies the window of B that its pixels
// see, some channels at a time, into on-chip memory, and runs every row of A over it.
#pragma once
#include "axis.hpp"
#include "multiply.hpp"
#include "window.hpp"

namespace crema {

/// The pass with forward and backward-data told apart once, here.
template <class T> struct ImagePass {
    const OpDescriptor& d;
    const T* a;
    const T* b;
    T* c;
    const T* bias;
    bool forward = d.op == kConvForward;
    uint32_t lanes = d.lanes;
    uint32_t taps = d.kernelH * d.kernelW;
    uint32_t inputs = d.channels / d.groups, outputs = d.outputs / d.groups; // channels of one group
    uint32_t rows = forward ? outputs : inputs, depth = forward ? inputs : outputs;
    uint32_t sourceHeight = forward ? d.height : d.outHeight, sourceWidth = forward ? d.width : d.outWidth;
    uint32_t resultHeight = forward ? d.outHeight : d.height, resultWidth = forward ? d.outWidth : d.width;
    size_t sourcePlane = size_t(sourceHeight) * sourceWidth * lanes, resultPlane = size_t(resultHeight) * resultWidth * lanes;
    uint32_t terms = depth * taps; // k runs over [0, terms)

    /// Packs up to `stride` rows from `row` on as [k][stride].
    void pack(T* panel, uint32_t stride, uint32_t group, uint32_t row, uint32_t count) const {
        for (uint32_t r = 0; r < count; ++r)
            for (uint32_t outer = 0; outer < depth; ++outer) {
                const size_t o = size_t(group) * outputs + (forward ? row + r : outer), i = forward ? outer : row + r;
                const T* from = a + (o * inputs + i) * taps;
                T* to = panel + size_t(outer) * taps * stride + r;
                for (uint32_t t = 0; t < taps; ++t)
#pragma HLS PIPELINE II=1
                    to[size_t(t) * stride] = from[t];
            }
    }
};

/// Rows of C that stand in the array together; `group` and `row` say which.
struct Panel {
    uint32_t group, row, rows;
};

/// Cuts rows [begin, end) of all groups into panels of near-equal height; returns their number.
inline uint32_t makePanels(Panel* panels, uint32_t groupRows, uint32_t begin, uint32_t end, uint32_t height) {
    uint32_t count = 0;
    for (uint32_t row = begin; row < end;) {
        const uint32_t group = row / groupRows, rest = least(end, (group + 1) * groupRows) - row;
        const uint32_t rows = ceilDivide(rest, ceilDivide(rest, height));
        panels[count++] = {group, row % groupRows, rows};
        row += rows;
    }
    return count;
}

/// What one task needs beside its tile: the panels it runs and where they are packed.
template <class T> struct PanelRun {
    const Panel* panels;
    uint32_t count;
    const T* packed;
    uint32_t stride; // rows a packed step has room for
};

/// The addresses of the taps of `depth` channels: A from the panel's chunk, B from a pixel's corner in the window.
template <class T>
inline void listTaps(const ImagePass<T>& pass, const Axis& y, const Axis& x, const PixelTile& tile, const Window& window, uint32_t stride, Tap* taps) {
    for (uint32_t outer = 0; outer < tile.depth; ++outer)
        for (uint32_t i = 0; i < tile.countY; ++i)
            for (uint32_t j = 0; j < tile.countX; ++j) {
#pragma HLS PIPELINE II=1
                const uint32_t tap = (tile.firstY + i * y.tapStep) * pass.d.kernelW + tile.firstX + j * x.tapStep;
                *taps++ = {(outer * pass.taps + tap) * stride, outer * window.plane + (y.relative(i, tile.countY) * window.width + x.relative(j, tile.countX)) * pass.lanes};
            }
}

/// Where the pixels of a tile lie, in the order (block, y, x).
template <class T>
inline uint32_t listPlaces(const ImagePass<T>& pass, const Axis& y, const Axis& x, const PixelTile& tile, const Window& window, PixelPlace* places) {
    uint32_t count = 0;
    for (uint32_t block = 0; block < tile.blocks; ++block)
        for (uint32_t row = 0; row < tile.rows; ++row)
            for (uint32_t column = 0; column < tile.columns; ++column) {
#pragma HLS PIPELINE II=1
                const Place &py = y.places[tile.y + row], &px = x.places[tile.x + column];
                places[count++] = {block * window.image + ((py.source - window.y) * window.width + px.source - window.x) * pass.lanes,
                                   size_t(tile.block + block) * pass.d.groups * pass.rows * pass.resultPlane + (size_t(py.result) * pass.resultWidth + px.result) * pass.lanes};
            }
    return count;
}

/// Every pixel of the tile times a run of panels: one chunk of k.
template <class T, unsigned Lanes>
inline void multiplyChunk(const ImagePass<T>& pass, const T* pixels, const PixelPlace* places, uint32_t placeCount, const Tap* taps, uint32_t count,
                          const PanelRun<T>& run, size_t packedOffset, bool preload, bool last) {
    for (uint32_t i = 0; i < run.count; ++i) {
        const Panel& panel = run.panels[i];
        const size_t row = size_t(panel.group) * pass.rows + panel.row;
        const Edge edge{preload, last && pass.bias ? pass.bias + row : nullptr};
        const T* a = run.packed + size_t(i) * run.stride * pass.terms + packedOffset;
        inTiles<T, Lanes>(panel.rows, placeCount, [&]<unsigned R, unsigned P>(uint32_t first, uint32_t total) {
            multiplyGathered<T, Lanes, R, P>(a, taps, count, pixels, pass.c + row * pass.resultPlane, places + first, total, pass.resultPlane, edge);
        });
    }
}

/// One task: a tile of pixels times a run of panels of one group, over all k.
template <class T, unsigned Lanes>
inline void multiplyTile(const ImagePass<T>& pass, const Axis& y, const Axis& x, const PixelTile& tile, const PanelRun<T>& run) {
    const Window window = windowOf(y, x, tile, Lanes);
    const uint32_t perChannel = tile.countY * tile.countX;
    auto* taps = scratch<Tap, 6>(size_t(tile.depth) * perChannel);
    T* pixels = scratch<T, 7>(size_t(window.image) * tile.blocks);
    PixelPlace places[kTilePixels];
    listTaps(pass, y, x, tile, window, run.stride, taps);
    const uint32_t placeCount = listPlaces(pass, y, x, tile, window, places);
    Source<T> source{pass.b + (size_t(tile.block) * pass.d.groups + run.panels[0].group) * pass.depth * pass.sourcePlane, pass.sourcePlane,
                     size_t(pass.d.groups) * pass.depth * pass.sourcePlane, pass.sourceWidth};
    for (uint32_t outer = 0; outer < pass.depth; outer += tile.depth, source.base += tile.depth * source.plane) {
#pragma HLS DATAFLOW
        const uint32_t depth = least(tile.depth, pass.depth - outer);
        if (perChannel > 0) copyWindows(source, window, tile.blocks, depth, Lanes, pixels);
        multiplyChunk<T, Lanes>(pass, pixels, places, placeCount, taps, depth * perChannel, run, size_t(outer) * pass.taps * run.stride,
                                outer > 0 || (pass.d.flags & kAccumulate), outer + depth == pass.depth);
    }
}

template <class T, unsigned Lanes> inline void convolveImage(const OpDescriptor& d, const T* a, const T* b, T* c, const T* bias) {
    const bool withBias = d.op == kConvForward && (d.flags & kBias);
    const ImagePass<T> pass{d, a, b, c, withBias ? bias : nullptr};
    if (d.rowBegin >= d.rowEnd || d.blockBegin >= d.blockEnd) return;
    const Axis y = makeAxis<0>(pass.forward, pass.resultHeight, pass.sourceHeight, d.kernelH, d.strideH, d.padH, d.dilationH);
    const Axis x = makeAxis<2>(pass.forward, pass.resultWidth, pass.sourceWidth, d.kernelW, d.strideW, d.padW, d.dilationW);
    const uint32_t tileCount = makePixelTiles(y, x, d.blockBegin, d.blockEnd, pass.depth, Lanes, nullptr);
    // Slots 4 and 5 belong to this thread as the launch's owner, 6 and 7 to every thread as a worker.
    const uint32_t stride = ceilDivide(pass.rows, ceilDivide(pass.rows, uint32_t(MT_ROWS)));
    auto* tiles = reinterpret_cast<PixelTile*>(scratch<char, 4>(tileCount * sizeof(PixelTile) + (d.rowEnd - d.rowBegin) * sizeof(Panel)));
    auto* panels = reinterpret_cast<Panel*>(tiles + tileCount);
    makePixelTiles(y, x, d.blockBegin, d.blockEnd, pass.depth, Lanes, tiles);
    const uint32_t panelCount = makePanels(panels, pass.rows, d.rowBegin, d.rowEnd, stride);

    // As many panels as fit the panel memory stand in it at once; each is read from memory once.
    const size_t panelElements = size_t(stride) * pass.terms;
    const uint32_t resident = uint32_t(least<size_t>(panelCount, most<size_t>(1, kScratchElements / panelElements)));
    T* packed = scratch<T, 5>(resident * panelElements);
    for (uint32_t first = 0; first < panelCount; first += resident) {
        const uint32_t end = least(panelCount, first + resident);
        parallelTiles(end - first, [&](uint32_t i) {
            const Panel& panel = panels[first + i];
            pass.pack(packed + i * panelElements, stride, panel.group, panel.row, panel.rows);
        });
        // A task is a tile of pixels times the resident panels of one group, cut further where there are few tiles.
        const uint32_t firstGroup = panels[first].group, groups = panels[end - 1].group - firstGroup + 1;
        const uint32_t cuts = threadCount() == 1 ? 1 : least(ceilDivide(pass.rows, stride), ceilDivide(4 * threadCount(), tileCount * groups));
        parallelTiles(tileCount * groups * cuts, [&](uint32_t task) {
            const uint32_t group = firstGroup + task / (tileCount * cuts), cut = task / tileCount % cuts;
            uint32_t from = first, to = end;
            while (panels[from].group < group) ++from;
            while (panels[to - 1].group > group) --to;
            const uint32_t count = to - from, low = from + count * cut / cuts, high = from + count * (cut + 1) / cuts;
            if (low == high) return;
            multiplyTile<T, Lanes>(pass, y, x, tiles[task % tileCount], {panels + low, high - low, packed + (low - first) * panelElements, stride});
        });
    }
}

} // namespace crema
