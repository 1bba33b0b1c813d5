// Inner product in fixed point, three passes, as in inner.hpp: the weights are read or written exactly once, in long runs; factors are
// pairs of k, widened and, where k runs across rows of A, interleaved on their way on chip.
#pragma once
#include "fixed-image.hpp"
#include "inner.hpp"

namespace crema {

/// One of the two products that read the weights, with B packed as [block][k / 2][lane].
template <class T> struct FixedInner {
    InnerPass<T> inner;
    const int64_t* bias;
    OutputUnit unit;
    Terms words;
    const int32_t* packedB = nullptr;
    uint32_t pairs = ceilDivide(inner.terms, 2u);
    uint32_t limit = words.limit / 2;
};

/// to[i] = pairs (a[i], b[i]) of (value >> shift) & mask.
template <class T> inline void pairLines(const T* __restrict a, const T* __restrict b, bool both, uint32_t count, int32_t shift, int32_t mask, int32_t* __restrict to) {
    const int32_t upper = both ? mask : 0;
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

/// Asks for a run that will be read: it starts on another page, where no prefetcher looks.
template <class T> inline void prefetchLine(const T* from, uint32_t count) {
    for (uint32_t i = 0; i < count; i += 64 / sizeof(T)) prefetch(from + i);
}

/// Output of rows [begin, begin + count), whose sums are [row][block][lane].
template <class T, unsigned Lanes, class Acc>
inline void outputInner(const FixedInner<T>& p, uint32_t begin, uint32_t count, const Acc* acc, OutputPlace* places, Statistics& statistics) {
    const OpDescriptor& d = p.inner.d;
    const uint32_t blocks = d.blockEnd - d.blockBegin;
    for (uint32_t r = 0; r < count; ++r) {
        for (uint32_t i = 0; i < blocks; ++i) {
            const uint32_t block = d.blockBegin + i;
            places[i] = {size_t(block) * p.inner.rows * Lanes, block * Lanes * p.inner.rows + begin + r, least(uint32_t(Lanes), d.batch - block * Lanes)};
        }
        outputRow<T, Lanes>(p.unit, acc + size_t(r) * blocks * Lanes, places, blocks, p.bias ? p.bias[begin + r] : 0, p.inner.rows, p.inner.c + size_t(begin + r) * Lanes, statistics);
    }
}

constexpr uint32_t kFixedVisit = 2048; // k per visit of a row of A
constexpr size_t kRowsAhead = 4;
constexpr uint32_t kFixedLines = 128;  // k per block of A where k runs across its rows

/// Rows [begin, end) of C where each row of A is contiguous.
template <class T, unsigned Lanes, class Acc> inline void fixedLines(const FixedInner<T>& p, uint32_t begin, uint32_t end, uint32_t height, Statistics& statistics) {
    const InnerPass<T>& inner = p.inner;
    const uint32_t blocks = inner.d.blockEnd - inner.d.blockBegin, parts = p.words.split ? 2 : 1;
    constexpr uint32_t kStride = kFixedVisit / 2 + 16;
    const size_t rowSums = size_t(blocks) * Lanes;
    auto* a = scratch<int32_t, 6>(size_t(height) * kStride);
    Acc* acc = scratch<Acc, 9>((end - begin) * rowSums);
    for (uint32_t visit = 0; visit < inner.terms; visit += kFixedVisit) {
        const uint32_t terms = least(kFixedVisit, inner.terms - visit), pairs = ceilDivide(terms, 2u);
        for (uint32_t row = begin; row < end; row += height) {
            const uint32_t rows = least(height, end - row);
            for (uint32_t part = 0; part < parts; ++part) {
                const int32_t shift = parts == 2 && part == 0 ? 7 : 0, mask = part == 1 ? 127 : -1;
                for (uint32_t r = 0; r < rows; ++r) {
                    const T* __restrict from = inner.a + size_t(row + r) * inner.terms + visit;
                    Half* __restrict to = reinterpret_cast<Half*>(a + size_t(r) * kStride);
                    prefetchLine(from + size_t(height) * inner.terms, terms);
                    widenLine(from, terms, shift, mask, to);
                    if (terms % 2) to[terms] = 0;
                }
                const uint32_t runs = ceilDivide(pairs, p.limit);
                for (uint32_t i = 0; i < runs; ++i) {
                    const uint32_t low = uint32_t(uint64_t(pairs) * i / runs), high = uint32_t(uint64_t(pairs) * (i + 1) / runs);
                    sumRows({a + low, kStride, high - low, p.packedB + (size_t(visit) / 2 + low) * Lanes, size_t(p.pairs) * Lanes, blocks, rows, Lanes},
                            {acc + (row - begin) * rowSums, sizeof(Acc) == 8, rowSums, visit == 0 && part == 0 && i == 0, uint32_t(shift)});
                }
            }
        }
    }
    outputInner<T, Lanes>(p, begin, end - begin, acc, scratch<OutputPlace, 10>(blocks), statistics);
}

/// Rows [begin, end) of C where they lie along the rows of A.
template <class T, unsigned Lanes, class Acc> inline void fixedStrip(const FixedInner<T>& p, uint32_t begin, uint32_t end, uint32_t height, Statistics& statistics) {
    const InnerPass<T>& inner = p.inner;
    const uint32_t width = end - begin, stride = oddPlane(width), blocks = inner.d.blockEnd - inner.d.blockBegin, parts = p.words.split ? 2 : 1;
    const size_t rowSums = size_t(blocks) * Lanes;
    auto* a = scratch<int32_t, 6>(size_t(stride) * (kFixedLines / 2));
    Acc* acc = scratch<Acc, 9>(width * rowSums);
    auto* places = scratch<uint32_t, 7>(blocks);
    for (uint32_t i = 0; i < blocks; ++i) places[i] = i * p.pairs * Lanes;
    Tap taps[kFixedLines / 2];
    for (uint32_t i = 0; i < kFixedLines / 2; ++i) taps[i] = {i * stride, i * Lanes};
    for (uint32_t k = 0; k < inner.terms; k += kFixedLines) {
        const uint32_t terms = least(kFixedLines, inner.terms - k), pairs = ceilDivide(terms, 2u), runs = ceilDivide(pairs, p.limit);
        for (uint32_t part = 0; part < parts; ++part) {
            const int32_t shift = parts == 2 && part == 0 ? 7 : 0, mask = part == 1 ? 127 : -1;
            for (uint32_t i = 0; i < pairs; ++i) {
                const T* from = inner.a + size_t(k + 2 * i) * inner.rows + begin;
                const bool both = 2 * i + 1 < terms;
                for (uint32_t row = 0; row < 2; ++row) prefetchLine(from + (kRowsAhead + row) * inner.rows, width);
                pairLines(from, both ? from + inner.rows : from, both, width, shift, mask, a + size_t(i) * stride);
            }
            for (uint32_t row = 0; row < width; row += height)
                for (uint32_t i = 0; i < runs; ++i) {
                    const uint32_t low = pairs * i / runs, high = pairs * (i + 1) / runs;
                    const GatheredSums call{a + row, taps + low, high - low, p.packedB + size_t(k / 2) * Lanes, places, blocks, least(height, width - row), Lanes, false};
                    sumGathered(call, {acc + row * rowSums, sizeof(Acc) == 8, rowSums, k == 0 && part == 0 && i == 0, uint32_t(shift)});
                }
        }
    }
    outputInner<T, Lanes>(p, begin, width, acc, scratch<OutputPlace, 10>(blocks), statistics);
}

template <class T, unsigned Lanes, class Acc> inline Statistics multiplyFixed(FixedInner<T> p) {
    const OpDescriptor& d = p.inner.d;
    Statistics all;
    if (d.rowBegin >= d.rowEnd || d.blockBegin >= d.blockEnd) return all;
    const uint32_t blocks = d.blockEnd - d.blockBegin;
    auto* packed = scratch<int32_t, 5>(size_t(blocks) * p.pairs * Lanes);
    constexpr uint32_t kPart = 256;
    const uint32_t cuts = ceilDivide(p.pairs, kPart);
    parallelTiles(blocks * cuts, [&](uint32_t task) {
        const uint32_t block = task / cuts, begin = task % cuts * kPart;
        for (uint32_t i = begin; i < least(begin + kPart, p.pairs); ++i) {
            const T* from = p.inner.b + (size_t(d.blockBegin + block) * p.inner.terms + 2 * i) * Lanes;
            const bool both = 2 * i + 1 < p.inner.terms;
            pairLines(from, both ? from + Lanes : from, both, Lanes, 0, -1, packed + (size_t(block) * p.pairs + i) * Lanes);
        }
    });
    p.packedB = packed;
    const uint32_t total = d.rowEnd - d.rowBegin;
    const uint32_t height = ceilDivide(total, ceilDivide(total, uint32_t(MT_ROWS)));
    const uint32_t wide = p.inner.columns ? most(1u, kBlockWidth / height) * height : 8 * height;
    const uint32_t fair = ceilDivide(ceilDivide(total, 4 * threadCount()), height) * height;
    const uint32_t strip = threadCount() == 1 ? wide : least(wide, fair), tasks = ceilDivide(total, strip);
    auto* statistics = scratch<Statistics, 8>(tasks);
    parallelTiles(tasks, [&](uint32_t task) {
        const uint32_t begin = d.rowBegin + task * strip, end = least(begin + strip, d.rowEnd);
        statistics[task] = Statistics{};
        if (p.inner.columns) fixedStrip<T, Lanes, Acc>(p, begin, end, height, statistics[task]);
        else fixedLines<T, Lanes, Acc>(p, begin, end, height, statistics[task]);
    });
    for (uint32_t task = 0; task < tasks; ++task) all.merge(statistics[task]);
    return all;
}

/// Weight gradients: factors are pairs of images, which lie side by side in both operands. A's lanes beyond the batch become zero.
template <class T, unsigned Lanes, class Acc> inline Statistics multiplyFixedOuter(const OuterPass<T>& pass, const Terms& words) {
    const OutputUnit unit(pass.d);
    Statistics all;
    if (pass.rowBegin >= pass.rowEnd || pass.columnBegin >= pass.columnEnd) return all;
    const uint32_t batch = pass.d.batch, rows = pass.rowEnd - pass.rowBegin, columns = pass.columnEnd - pass.columnBegin, pairs = ceilDivide(batch, 2u);
    const uint32_t parts = words.split ? 2 : 1, limit = words.limit / 2;
    const uint32_t height = ceilDivide(rows, ceilDivide(rows, uint32_t(MT_ROWS))), panels = ceilDivide(rows, height);
    const size_t panelElements = size_t(pairs) * height;
    auto* packed = scratch<int32_t, 4>(panels * panelElements * parts);
    parallelTiles(panels, [&](uint32_t i) { // [part][pair][row] panels of A
        const uint32_t row = pass.rowBegin + i * height, count = least(height, pass.rowEnd - row);
        for (uint32_t part = 0; part < parts; ++part) {
            const int32_t shift = parts == 2 && part == 0 ? 7 : 0, mask = part == 1 ? 127 : -1;
            int32_t* to = packed + (size_t(i) * parts + part) * panelElements;
            for (uint32_t r = 0; r < count; ++r)
                for (uint32_t n = 0; n < pairs; ++n) {
                    const T* from = pass.a + (size_t(2 * n / Lanes) * pass.aChannels + row + r) * Lanes + 2 * n % Lanes;
                    const int32_t low = from[0] >> shift & mask, high = 2 * n + 1 < batch ? from[1] >> shift & mask : 0;
                    to[size_t(n) * height + r] = (low & 0xffff) | high << 16;
                }
        }
    });
    const uint32_t stripWidth = most(64u, least(2048u, 2 * kOuterElements / batch / kColumns * kColumns)), stride = stripWidth + kColumns;
    const uint32_t strips = ceilDivide(columns, stripWidth), cuts = threadCount() == 1 ? 1 : least(panels, ceilDivide(4 * threadCount(), strips));
    auto* statistics = scratch<Statistics, 8>(strips * cuts);
    parallelTiles(strips * cuts, [&](uint32_t task) {
        const uint32_t column = pass.columnBegin + task / cuts * stripWidth, width = least(stripWidth, pass.columnEnd - column), cut = task % cuts;
        const uint32_t groups = ceilDivide(width, uint32_t(kColumns));
        auto* b = scratch<int32_t, 6>(size_t(pairs) * stride);
        Acc* acc = scratch<Acc, 9>(size_t(height) * stride);
        auto* taps = scratch<Tap, 7>(pairs);
        auto* places = scratch<uint32_t, 10>(groups);
        for (uint32_t i = 0; i < groups; ++i) places[i] = i * kColumns;
        for (uint32_t n = 0; n < pairs; ++n) taps[n] = {n * height, n * stride};
        for (uint32_t block = 0; block < ceilDivide(batch, uint32_t(Lanes)); ++block) { // [pair][column]
            const T* from = pass.b + (size_t(block) * pass.bChannels + column) * Lanes;
            for (uint32_t j = 0; j < least(uint32_t(Lanes / 2), pairs - block * (Lanes / 2)); ++j) {
                int32_t* to = b + size_t(block * (Lanes / 2) + j) * stride;
                for (uint32_t i = 0; i < groups * kColumns; ++i)
#pragma HLS PIPELINE II=1
                    to[i] = i < width ? (from[i * Lanes + 2 * j] & 0xffff) | from[i * Lanes + 2 * j + 1] << 16 : 0;
            }
        }
        Statistics& mine = statistics[task];
        mine = Statistics{};
        const uint32_t runs = ceilDivide(pairs, limit);
        for (uint32_t i = panels * cut / cuts; i < panels * (cut + 1) / cuts; ++i) {
            const uint32_t row = i * height, count = least(height, rows - row);
            for (uint32_t part = 0; part < parts; ++part)
                for (uint32_t j = 0; j < runs; ++j) {
                    const uint32_t low = uint32_t(uint64_t(pairs) * j / runs), high = uint32_t(uint64_t(pairs) * (j + 1) / runs);
                    const GatheredSums call{packed + (size_t(i) * parts + part) * panelElements, taps + low, high - low, b, places, groups, count, kColumns, false};
                    sumGathered(call, {acc, sizeof(Acc) == 8, stride, part == 0 && j == 0, parts == 2 && part == 0 ? 7u : 0u});
                }
            for (uint32_t r = 0; r < count; ++r) {
                const size_t index = size_t(pass.rowBegin + row + r) * pass.bChannels + column;
                outputLine(unit, acc + size_t(r) * stride, width, uint32_t(index), pass.c + index, mine);
            }
        }
    });
    for (uint32_t task = 0; task < strips * cuts; ++task) all.merge(statistics[task]);
    return all;
}

} // namespace crema
