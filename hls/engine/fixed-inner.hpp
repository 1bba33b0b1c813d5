// Inner product in fixed point, three passes, as in inner.hpp: the weights are read or written exactly once, in long runs; factors are
// two or four k, widened and, where k runs across rows of A, interleaved on their way on chip.
#pragma once
#include "fixed-image.hpp"
#include "inner.hpp"

namespace crema {

/// One of the two products that read the weights, with B packed as [block][factor][lane].
template <class T> struct FixedInner {
    InnerPass<T> inner;
    const int64_t* bias;
    OutputUnit unit;
    Terms words;
    const int32_t* packedB = nullptr;
    static constexpr uint32_t together = kTogether<T>; // k of a factor
    uint32_t depth = ceilDivide(inner.terms, together);
    uint32_t limit = words.template factors<T>();
};

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
    constexpr uint32_t kStride = kFixedVisit / p.together + 16;
    const size_t rowSums = size_t(blocks) * Lanes;
    auto* a = scratch<int32_t, 6>(size_t(height) * kStride);
    Acc* acc = scratch<Acc, 9>((end - begin) * rowSums);
    for (uint32_t visit = 0; visit < inner.terms; visit += kFixedVisit) {
        const uint32_t terms = least(kFixedVisit, inner.terms - visit), depth = ceilDivide(terms, p.together);
        for (uint32_t row = begin; row < end; row += height) {
            const uint32_t rows = least(height, end - row);
            for (uint32_t part = 0; part < parts; ++part) {
                const int32_t shift = parts == 2 && part == 0 ? 7 : 0, mask = part == 1 ? 127 : -1;
                for (uint32_t r = 0; r < rows; ++r) {
                    const T* __restrict from = inner.a + size_t(row + r) * inner.terms + visit;
                    Half* __restrict to = reinterpret_cast<Half*>(a + size_t(r) * kStride);
                    prefetchLine(from + size_t(height) * inner.terms, terms);
                    if constexpr (kQuads<T>) {
                        T* __restrict bytes = reinterpret_cast<T*>(to);
                        for (uint32_t i = 0; i < terms; ++i)
#pragma HLS PIPELINE II=1
                            bytes[i] = from[i];
                        for (uint32_t i = terms; i < ceilDivide(terms, 64u) * 64; ++i) bytes[i] = 0;
                        continue;
                    }
                    widenLine(from, terms, shift, mask, to);
                    if (terms % 2) to[terms] = 0;
                }
                const uint32_t runs = kQuads<T> ? 1 : ceilDivide(depth, p.limit);
                for (uint32_t i = 0; i < runs; ++i) {
                    const uint32_t low = uint32_t(uint64_t(depth) * i / runs), high = uint32_t(uint64_t(depth) * (i + 1) / runs);
                    const RowSums call{a + low, kStride, high - low, p.packedB + (size_t(visit) / p.together + low) * Lanes, size_t(p.depth) * Lanes, blocks, rows, Lanes, kQuads<T>};
                    sumRows(call, {acc + (row - begin) * rowSums, sizeof(Acc) == 8, rowSums, visit == 0 && part == 0 && i == 0, uint32_t(shift)});
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
    constexpr uint32_t kDepth = kFixedLines / p.together;
    auto* a = scratch<int32_t, 6>(size_t(stride) * kDepth + 16);
    Acc* acc = scratch<Acc, 9>(width * rowSums);
    auto* places = scratch<uint32_t, 7>(blocks);
    for (uint32_t i = 0; i < blocks; ++i) places[i] = i * p.depth * Lanes;
    Tap taps[kDepth];
    for (uint32_t i = 0; i < kDepth; ++i) taps[i] = {i * stride, i * Lanes};
    for (uint32_t k = 0; k < inner.terms; k += kFixedLines) {
        const uint32_t terms = least(kFixedLines, inner.terms - k), depth = ceilDivide(terms, p.together), runs = ceilDivide(depth, p.limit);
        for (uint32_t part = 0; part < parts; ++part) {
            const int32_t shift = parts == 2 && part == 0 ? 7 : 0, mask = part == 1 ? 127 : -1;
            for (uint32_t i = 0; i < depth; ++i) {
                const T* from[4];
                const uint32_t present = least(p.together, terms - p.together * i);
                for (uint32_t j = 0; j < 4; ++j) from[j] = inner.a + size_t(k + p.together * i + (j < present ? j : 0)) * inner.rows + begin;
                for (uint32_t j = 0; j < p.together; ++j) prefetchLine(from[0] + (kRowsAhead + j) * inner.rows, width);
                packLine<T, false>(from, present, width, shift, mask, a + size_t(i) * stride);
            }
            for (uint32_t row = 0; row < width; row += height)
                for (uint32_t i = 0; i < runs; ++i) {
                    const uint32_t low = depth * i / runs, high = depth * (i + 1) / runs;
                    const GatheredSums call{a + row, taps + low, high - low, p.packedB + size_t(k / p.together) * Lanes, places, blocks, least(height, width - row), Lanes, kQuads<T>};
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
    auto* packed = scratch<int32_t, 5>(size_t(blocks) * p.depth * Lanes);
    constexpr uint32_t kPart = 256;
    const uint32_t cuts = ceilDivide(p.depth, kPart);
    parallelTiles(blocks * cuts, [&](uint32_t task) {
        const uint32_t block = task / cuts, begin = task % cuts * kPart;
        for (uint32_t i = begin; i < least(begin + kPart, p.depth); ++i) {
            const T* from[4];
            const uint32_t present = least(p.together, p.inner.terms - p.together * i);
            for (uint32_t j = 0; j < 4; ++j)
                from[j] = p.inner.b + (size_t(d.blockBegin + block) * p.inner.terms + p.together * i + (j < present ? j : 0)) * Lanes;
            packLine<T, true>(from, present, Lanes, 0, -1, packed + (size_t(block) * p.depth + i) * Lanes);
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

/// Factor of the first `present` images at `from`: two of (value >> shift) & mask, or four bytes.
template <class T> inline int32_t packImages(const T* from, uint32_t present, int32_t shift, int32_t mask) {
    uint32_t packed = 0;
    if constexpr (kQuads<T>)
        for (uint32_t i = 0; i < 4; ++i) packed |= (i < present ? uint32_t(from[i]) & 255 : 0) << 8 * i;
    else packed = (uint32_t(from[0] >> shift & mask) & 0xffff) | (present > 1 ? uint32_t(from[1] >> shift & mask) << 16 : 0);
    return int32_t(packed);
}

/// Weight gradients: factors are two or four images, which lie side by side in both operands. A's lanes beyond the batch become zero.
template <class T, unsigned Lanes, class Acc> inline Statistics multiplyFixedOuter(const OuterPass<T>& pass, const Terms& words) {
    const OutputUnit unit(pass.d);
    Statistics all;
    if (pass.rowBegin >= pass.rowEnd || pass.columnBegin >= pass.columnEnd) return all;
    const uint32_t batch = pass.d.batch, rows = pass.rowEnd - pass.rowBegin, columns = pass.columnEnd - pass.columnBegin, depth = ceilDivide(batch, kTogether<T>);
    const uint32_t parts = words.split ? 2 : 1, limit = words.factors<T>();
    const uint32_t height = ceilDivide(rows, ceilDivide(rows, uint32_t(MT_ROWS))), panels = ceilDivide(rows, height);
    const size_t panelElements = size_t(depth) * height;
    auto* packed = scratch<int32_t, 4>(panels * panelElements * parts + 16);
    parallelTiles(panels, [&](uint32_t i) { // [part][factor][row] panels of A
        const uint32_t row = pass.rowBegin + i * height, count = least(height, pass.rowEnd - row);
        for (uint32_t part = 0; part < parts; ++part) {
            const int32_t shift = parts == 2 && part == 0 ? 7 : 0, mask = part == 1 ? 127 : -1;
            int32_t* to = packed + (size_t(i) * parts + part) * panelElements;
            for (uint32_t r = 0; r < count; ++r)
                for (uint32_t n = 0; n < depth; ++n) {
                    const T* from = pass.a + (size_t(kTogether<T> * n / Lanes) * pass.aChannels + row + r) * Lanes + kTogether<T> * n % Lanes;
                    to[size_t(n) * height + r] = packImages(from, least(kTogether<T>, batch - kTogether<T> * n), shift, mask);
                }
        }
    });
    const uint32_t stripWidth = most(64u, least(2048u, 2 * kOuterElements / batch / kColumns * kColumns)), stride = stripWidth + kColumns;
    const uint32_t strips = ceilDivide(columns, stripWidth), cuts = threadCount() == 1 ? 1 : least(panels, ceilDivide(4 * threadCount(), strips));
    auto* statistics = scratch<Statistics, 8>(strips * cuts);
    parallelTiles(strips * cuts, [&](uint32_t task) {
        const uint32_t column = pass.columnBegin + task / cuts * stripWidth, width = least(stripWidth, pass.columnEnd - column), cut = task % cuts;
        const uint32_t groups = ceilDivide(width, uint32_t(kColumns));
        auto* b = scratch<int32_t, 6>(size_t(depth) * stride);
        Acc* acc = scratch<Acc, 9>(size_t(height) * stride);
        auto* taps = scratch<Tap, 7>(depth);
        auto* places = scratch<uint32_t, 10>(groups);
        for (uint32_t i = 0; i < groups; ++i) places[i] = i * kColumns;
        for (uint32_t n = 0; n < depth; ++n) taps[n] = {n * height, n * stride};
        constexpr uint32_t kDepth = Lanes / kTogether<T>; // factors of a block
        for (uint32_t block = 0; block < ceilDivide(batch, uint32_t(Lanes)); ++block) { // [factor][column]
            const T* from = pass.b + (size_t(block) * pass.bChannels + column) * Lanes;
            for (uint32_t j = 0; j < least(kDepth, depth - block * kDepth); ++j) {
                int32_t* to = b + size_t(block * kDepth + j) * stride;
                for (uint32_t i = 0; i < width; ++i)
#pragma HLS PIPELINE II=1
                    to[i] = packImages(from + i * Lanes + kTogether<T> * j, kTogether<T>, 0, -1) ^ (kQuads<T> ? kByteBias : 0);
                for (uint32_t i = width; i < groups * kColumns; ++i) to[i] = 0;
            }
        }
        Statistics& mine = statistics[task];
        mine = Statistics{};
        const uint32_t runs = ceilDivide(depth, limit);
        for (uint32_t i = panels * cut / cuts; i < panels * (cut + 1) / cuts; ++i) {
            const uint32_t row = i * height, count = least(height, rows - row);
            for (uint32_t part = 0; part < parts; ++part)
                for (uint32_t j = 0; j < runs; ++j) {
                    const uint32_t low = uint32_t(uint64_t(depth) * j / runs), high = uint32_t(uint64_t(depth) * (j + 1) / runs);
                    const GatheredSums call{packed + (size_t(i) * parts + part) * panelElements, taps + low, high - low, b, places, groups, count, kColumns, kQuads<T>};
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
