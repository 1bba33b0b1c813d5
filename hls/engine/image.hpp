// Convolution forward and backward-data: C[row][pixel][lane] = sum over k of A[row][k] * B[k][pixel][lane], where a row is an
// output (input) channel, k = (channel, ky, kx) ascending and B is read in place. Pixels of one border class share one
// list of in-range taps, so the border costs no arithmetic on zeros and strides cost no zero products.
#pragma once
#include "axis.hpp"
#include "multiply.hpp"

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

/// A run of pixels of one class pair, counted through (block, y, x).
struct PixelTile {
    uint32_t classY, classX;
    uint64_t begin, end;
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

/// The address list of one class pair over all k.
template <class T>
inline void listTaps(const ImagePass<T>& pass, const Axis& y, const Axis& x, const Place& py, const Place& px, uint32_t stride, Tap* taps) {
    for (uint32_t outer = 0; outer < pass.depth; ++outer)
        for (uint32_t i = 0; i < py.count; ++i)
            for (uint32_t j = 0; j < px.count; ++j) {
#pragma HLS PIPELINE II=1
                const uint32_t tap = (py.first + i * y.tapStep) * pass.d.kernelW + px.first + j * x.tapStep;
                const uint32_t pixel = y.relative(i, py.count) * pass.sourceWidth + x.relative(j, px.count);
                *taps++ = {(outer * pass.taps + tap) * stride, uint32_t(outer * pass.sourcePlane + pixel * pass.lanes)};
            }
}

/// k is cut into chunks whose A panel and B rows stay in the innermost cache (on the card: in the ping-pong buffers).
constexpr uint32_t kChunk = 256;

/// One tile of pixels times a run of panels of one group.
template <class T, unsigned Lanes>
inline void multiplyPixels(const ImagePass<T>& pass, const Axis& y, const Axis& x, const PixelTile& tile, const Panel* panels, uint32_t panelCount,
                           const T* packed, uint32_t stride, const Tap* taps, uint32_t terms) {
    const unsigned groups = kGroups<T, Lanes>(stride);
    const Place *ys = y.places + y.begin[tile.classY], *xs = x.places + x.begin[tile.classX];
    const uint32_t ny = y.begin[tile.classY + 1] - y.begin[tile.classY], nx = x.begin[tile.classX + 1] - x.begin[tile.classX];
    const uint32_t group = panels[0].group, chunks = most(1u, ceilDivide(terms, kChunk));
    for (uint32_t chunk = 0; chunk < chunks; ++chunk) {
        const uint32_t k0 = uint64_t(terms) * chunk / chunks, k1 = uint64_t(terms) * (chunk + 1) / chunks;
        const bool preload = chunk > 0 || (pass.d.flags & kAccumulate), last = chunk + 1 == chunks;
        for (uint64_t at = tile.begin; at < tile.end;) {
            const unsigned count = tile.end - at < groups ? 1 : groups;
            const T* b[4];
            T* c[4];
            for (unsigned p = 0; p < count; ++p, ++at) {
                const uint32_t line = uint32_t(at / nx), block = pass.d.blockBegin + line / ny;
                const Place &py = ys[line % ny], &px = xs[at % nx];
                b[p] = pass.b + (size_t(block) * pass.d.groups + group) * pass.depth * pass.sourcePlane + (size_t(py.source) * pass.sourceWidth + px.source) * Lanes;
                c[p] = pass.c + (size_t(block) * pass.d.groups + group) * pass.rows * pass.resultPlane + (size_t(py.result) * pass.resultWidth + px.result) * Lanes;
            }
            for (uint32_t i = 0; i < panelCount; ++i) {
                const Panel& panel = panels[i];
                T* to[4];
                for (unsigned p = 0; p < count; ++p) to[p] = c[p] + panel.row * pass.resultPlane;
                const Edge edge{preload, last && pass.bias ? pass.bias + size_t(group) * pass.rows + panel.row : nullptr, false};
                withTile<T, Lanes>(panel.rows, count, [&]<unsigned R, unsigned P>() {
                    multiplyGathered<T, Lanes, R, P>(packed + size_t(i) * stride * pass.terms, taps + k0, k1 - k0, b, to, pass.resultPlane, edge);
                });
            }
        }
    }
}

/// Cuts every class pair into tiles of at most `size` pixels; with null `tiles` it only counts.
inline uint32_t makePixelTiles(const Axis& y, const Axis& x, uint64_t blocks, uint64_t size, PixelTile* tiles) {
    uint32_t count = 0;
    for (uint32_t cy = 0; cy < y.classes; ++cy)
        for (uint32_t cx = 0; cx < x.classes; ++cx) {
            const uint64_t pixels = blocks * (y.begin[cy + 1] - y.begin[cy]) * (x.begin[cx + 1] - x.begin[cx]);
            for (uint64_t at = 0; at < pixels; at += size, ++count)
                if (tiles) tiles[count] = {cy, cx, at, least(at + size, pixels)};
        }
    return count;
}

template <class T, unsigned Lanes> inline void convolveImage(const OpDescriptor& d, const T* a, const T* b, T* c, const T* bias) {
    const bool withBias = d.op == kConvForward && (d.flags & kBias);
    const ImagePass<T> pass{d, a, b, c, withBias ? bias : nullptr};
    if (d.rowBegin >= d.rowEnd || d.blockBegin >= d.blockEnd) return;
    const Axis y = makeAxis<0>(pass.forward, pass.resultHeight, pass.sourceHeight, d.kernelH, d.strideH, d.padH, d.dilationH);
    const Axis x = makeAxis<2>(pass.forward, pass.resultWidth, pass.sourceWidth, d.kernelW, d.strideW, d.padW, d.dilationW);

    auto* panels = scratch<Panel, 4>(d.rowEnd - d.rowBegin);
    const uint32_t stride = ceilDivide(pass.rows, ceilDivide(pass.rows, uint32_t(MT_ROWS)));
    const uint32_t panelCount = makePanels(panels, pass.rows, d.rowBegin, d.rowEnd, stride);
    const uint64_t blocks = d.blockEnd - d.blockBegin, pixels = blocks * pass.resultHeight * pass.resultWidth;
    const uint64_t size = most<uint64_t>(8, least<uint64_t>(96, pixels / (8 * threadCount())));
    auto* tiles = scratch<PixelTile, 5>(makePixelTiles(y, x, blocks, size, nullptr));
    const uint32_t tileCount = makePixelTiles(y, x, blocks, size, tiles);

    // As many panels as fit the panel memory stand in it at once; each is read from memory once.
    const size_t panelElements = size_t(stride) * pass.terms;
    const uint32_t resident = uint32_t(least<size_t>(panelCount, most<size_t>(1, kScratchElements / panelElements)));
    T* packed = scratch<T, 6>(resident * panelElements);
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
            const PixelTile& tile = tiles[task % tileCount];
            const Place &py = y.places[y.begin[tile.classY]], &px = x.places[x.begin[tile.classX]];
            const uint32_t terms = pass.depth * py.count * px.count;
            auto* taps = scratch<Tap, 7>(terms);
            listTaps(pass, y, x, py, px, stride, taps);
            multiplyPixels<T, Lanes>(pass, y, x, tile, panels + low, high - low, packed + (low - first) * panelElements, stride, taps, terms);
        });
    }
}

} // namespace crema
