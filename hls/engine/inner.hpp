// Inner product, three passes. Its weights may be hundreds of megabytes and its batch a few words, so memory decides: every
// pass reads or writes the weights exactly once, in long runs, and keeps the small operand on chip.
#pragma once
#include "descriptor.hpp"
#include "multiply.hpp"
#include "window.hpp"

namespace crema {

/// C[row][lane] = sum over k of A[row][k] * B[k][lane] for rows [rowBegin, rowEnd) and all blocks. A is [rows][terms] or,
/// `columns`, [terms][rows]; B and C are batch-blocked with `terms` and `rows` channels.
template <class T> struct InnerPass {
    const OpDescriptor& d;
    const T* a;
    const T* b;
    T* c;
    const T* bias;
    bool columns;
    uint32_t rows, terms;
};

constexpr uint32_t kVisit = 8 * kChunk;       // k per visit of a row of A: 8 KiB of it, 128 KiB of B
constexpr uint32_t kBlockLines = kChunk / 4;  // k per block of A where the rows of C lie along its rows, and
constexpr uint32_t kBlockWidth = 504;        // how many of them: runs long enough for the memory, together a part of the second cache
constexpr size_t kLinesAhead = 2;

/// to = from, fetching what lies `ahead` elements further: the next lines start on other pages, where no prefetcher looks.
template <class T> inline void copyLine(const T* from, T* to, uint32_t count, size_t ahead) {
    uint32_t i = 0;
    for (; i + 16 <= count; i += 16) {
#pragma HLS PIPELINE II=1
        prefetch(from + i + ahead);
        store(to + i, load<Vector<T, 8>>(from + i));
        store(to + i + 8, load<Vector<T, 8>>(from + i + 8));
    }
    for (; i < count; ++i) to[i] = from[i];
}

/// Rows [begin, end) of C where A holds them contiguously: blocks of A are copied on chip in long runs, because in place
/// their rows lie a page or more apart and often in the same cache sets. Sums of a chunk wait on chip between its blocks.
template <class T, unsigned Lanes> inline void multiplyStrip(const InnerPass<T>& pass, uint32_t begin, uint32_t end, uint32_t height) {
    const OpDescriptor& d = pass.d;
    const uint32_t width = end - begin, stride = oddPlane(width), blocks = d.blockEnd - d.blockBegin;
    const size_t plane = size_t(width) * Lanes;
    T* a = scratch<T, 0>(size_t(stride) * kBlockLines);
    T* sums = scratch<T, 1>(plane * blocks);
    for (uint32_t k = 0; k < pass.terms; k += kBlockLines) {
        const uint32_t count = least(kBlockLines, pass.terms - k);
        for (uint32_t i = 0; i < count; ++i) copyLine(pass.a + size_t(k + i) * pass.rows + begin, a + size_t(i) * stride, width, kLinesAhead * size_t(pass.rows));
        const Edge edge{false, nullptr, k % kChunk != 0};
        for (uint32_t row = 0; row < width; row += height)
            inTiles<T, Lanes>(least(height, width - row), blocks, [&]<unsigned R, unsigned P>(uint32_t first, uint32_t total) {
                multiplyColumns<T, Lanes, R, P>(a + row, stride, count, pass.b + (size_t(d.blockBegin + first) * pass.terms + k) * Lanes, Lanes, size_t(pass.terms) * Lanes,
                                                sums + first * plane + size_t(row) * Lanes, Lanes, plane, total, edge);
            });
        if ((k + count) % kChunk != 0 && k + count != pass.terms) continue;
        const bool add = k >= kChunk || (d.flags & kAccumulate);
        for (uint32_t block = 0; block < blocks; ++block) {
            T* c = pass.c + (size_t(d.blockBegin + block) * pass.rows + begin) * Lanes;
            for (size_t i = 0; i < plane; ++i) {
#pragma HLS PIPELINE II=1
                const T sum = add ? c[i] + sums[block * plane + i] : sums[block * plane + i];
                c[i] = pass.bias && k + count == pass.terms ? sum + pass.bias[begin + i / Lanes] : sum;
            }
        }
    }
}

/// Rows [begin, end) of C where each row of A is contiguous: read in place, some KiB at a time, while B stays on chip.
template <class T, unsigned Lanes> inline void multiplyLines(const InnerPass<T>& pass, uint32_t begin, uint32_t end, uint32_t height) {
    const OpDescriptor& d = pass.d;
    for (uint32_t visit = 0; visit < pass.terms; visit += kVisit)
        for (uint32_t row = begin; row < end; row += height)
            for (uint32_t k = visit; k < least(visit + kVisit, pass.terms); k += kChunk) {
                const uint32_t count = least(kChunk, pass.terms - k);
                const Edge edge{k > 0 || (d.flags & kAccumulate), pass.bias && k + count == pass.terms ? pass.bias + row : nullptr};
                inTiles<T, Lanes>(least(height, end - row), d.blockEnd - d.blockBegin, [&]<unsigned R, unsigned P>(uint32_t first, uint32_t total) {
                    const size_t block = d.blockBegin + first;
                    multiplyRows<T, Lanes, R, P>(pass.a + size_t(row) * pass.terms + k, pass.terms, count, pass.b + (block * pass.terms + k) * Lanes, Lanes,
                                                 size_t(pass.terms) * Lanes, pass.c + (block * pass.rows + row) * Lanes, Lanes, size_t(pass.rows) * Lanes, total, edge);
                });
            }
}

template <class T, unsigned Lanes> inline void multiplyInner(const InnerPass<T>& pass) {
    const OpDescriptor& d = pass.d;
    if (d.rowBegin >= d.rowEnd || d.blockBegin >= d.blockEnd) return;
    const uint32_t total = d.rowEnd - d.rowBegin;
    const uint32_t height = ceilDivide(total, ceilDivide(total, uint32_t(MT_ROWS)));
    const uint32_t wide = pass.columns ? kBlockWidth / height * height : 8 * height;
    const uint32_t fair = ceilDivide(ceilDivide(total, 4 * threadCount()), height) * height;
    const uint32_t strip = threadCount() == 1 ? wide : least(wide, fair);
    parallelTiles(ceilDivide(total, strip), [&](uint32_t task) {
        const uint32_t begin = d.rowBegin + task * strip, end = least(begin + strip, d.rowEnd);
        if (pass.columns) multiplyStrip<T, Lanes>(pass, begin, end, height);
        else multiplyLines<T, Lanes>(pass, begin, end, height);
    });
}

/// C[row][column] (+)= sum over n of A[n][row] * B[n][column], n ascending; A and B batch-blocked, C row-major.
template <class T> struct OuterPass {
    const OpDescriptor& d;
    const T* a;
    const T* b;
    T* c;
    uint32_t aChannels, bChannels; // rows and columns of C
    uint32_t rowBegin, rowEnd, columnBegin, columnEnd;
};

constexpr unsigned kColumns = 16;     // columns of C per group of the array
constexpr uint32_t kOuterElements = 1 << 14; // of transposed B on chip: so many columns times the batch

/// to[n][i] = from[channel + i][n], zeros from `count` up to a multiple of kColumns.
template <class T, unsigned Lanes>
inline void transposeImages(const T* from, uint32_t channels, uint32_t channel, uint32_t count, uint32_t batch, T* to, size_t stride) {
    for (uint32_t n = 0; n < batch; n += Lanes) {
        const T* block = from + (size_t(n) * channels + size_t(channel) * Lanes);
        const uint32_t lanes = least(uint32_t(Lanes), batch - n);
        for (uint32_t i = 0; i < ceilDivide(count, uint32_t(kColumns)) * kColumns; ++i)
            for (uint32_t lane = 0; lane < lanes; ++lane)
#pragma HLS PIPELINE II=1
                to[(n + lane) * stride + i] = i < count ? block[size_t(i) * Lanes + lane] : T{};
    }
}

template <class T, unsigned Lanes> inline void multiplyOuter(const OuterPass<T>& pass) {
    const uint32_t batch = pass.d.batch, rows = pass.rowEnd - pass.rowBegin, columns = pass.columnEnd - pass.columnBegin;
    if (pass.rowBegin >= pass.rowEnd || pass.columnBegin >= pass.columnEnd) return;
    const bool preload = pass.d.flags & kAccumulate;
    const uint32_t height = ceilDivide(rows, ceilDivide(rows, uint32_t(MT_ROWS)));
    const uint32_t panels = ceilDivide(rows, height);
    T* packed = scratch<T, 0>(size_t(panels) * height * batch);
    parallelTiles(panels, [&](uint32_t i) { // [n][row] panels of A
        const uint32_t row = pass.rowBegin + i * height, count = least(height, pass.rowEnd - row);
        T* to = packed + size_t(i) * height * batch;
        for (uint32_t r = 0; r < count; ++r)
            for (uint32_t n = 0; n < batch; ++n) to[size_t(n) * height + r] = pass.a[(size_t(n / Lanes) * pass.aChannels + row + r) * Lanes + n % Lanes];
    });
    const uint32_t stripWidth = most(64u, least(2048u, kOuterElements / batch / kColumns * kColumns)), stride = stripWidth + kColumns;
    const uint32_t strips = ceilDivide(columns, stripWidth), cuts = threadCount() == 1 ? 1 : least(panels, ceilDivide(4 * threadCount(), strips));
    parallelTiles(strips * cuts, [&](uint32_t task) {
        const uint32_t column = pass.columnBegin + task / cuts * stripWidth, width = least(stripWidth, pass.columnEnd - column), cut = task % cuts;
        T* b = scratch<T, 1>(size_t(batch) * stride);
        transposeImages<T, Lanes>(pass.b, pass.bChannels, column, width, batch, b, stride);
        T edgeTile[MT_ROWS * kColumns];
        for (uint32_t i = panels * cut / cuts; i < panels * (cut + 1) / cuts; ++i) {
            const uint32_t row = i * height, count = least(height, rows - row);
            const T* panel = packed + size_t(i) * height * batch;
            T* line = pass.c + size_t(pass.rowBegin + row) * pass.bChannels + column;
            for (uint32_t n = 0; n < batch; n += kChunk)
                inTiles<T, kColumns>(count, width / kColumns, [&]<unsigned R, unsigned P>(uint32_t first, uint32_t total) {
                    multiplyColumns<T, kColumns, R, P>(panel + n * height, height, least(kChunk, batch - n), b + n * stride + first * kColumns, stride, kColumns,
                                                       line + first * kColumns, pass.bChannels, kColumns, total, Edge{preload || n > 0, nullptr});
                });
            const uint32_t rest = width % kColumns, at = width - rest;
            if (rest == 0) continue;
            for (uint32_t r = 0; r < count; ++r)
                for (uint32_t j = 0; j < kColumns; ++j) edgeTile[r * kColumns + j] = preload && j < rest ? line[r * size_t(pass.bChannels) + at + j] : T{};
            for (uint32_t n = 0; n < batch; n += kChunk)
                inTiles<T, kColumns>(count, 1, [&]<unsigned R, unsigned P>(uint32_t, uint32_t) {
                    multiplyColumns<T, kColumns, R, P>(panel + n * height, height, least(kChunk, batch - n), b + n * stride + at, stride, kColumns, edgeTile, kColumns,
                                                       kColumns, 1, Edge{preload || n > 0, nullptr});
                });
            for (uint32_t r = 0; r < count; ++r)
                for (uint32_t j = 0; j < rest; ++j) line[r * size_t(pass.bChannels) + at + j] = edgeTile[r * kColumns + j];
        }
    });
}

} // namespace crema
