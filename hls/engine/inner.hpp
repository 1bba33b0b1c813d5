// Inner product, three passes. Its weights may be hundreds of megabytes and its batch a few words, so memory decides: every
// pass reads or writes the weights exactly once, in long runs, and keeps the small operand on chip.
#pragma once
#include "descriptor.hpp"
#include "multiply.hpp"
#include "tiles.hpp"

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

constexpr uint32_t kRowChunk = 2048;   // k per visit of a row: 8 KiB of it, 128 KiB of B
constexpr uint32_t kColumnChunk = 64;  // k per visit where rows are contiguous: that many streams at once
constexpr uint32_t kColumnAhead = 96;  // elements fetched ahead along each stream

template <class T, unsigned Lanes> inline void multiplyInner(const InnerPass<T>& pass) {
    const OpDescriptor& d = pass.d;
    if (d.rowBegin >= d.rowEnd || d.blockBegin >= d.blockEnd) return;
    const uint32_t total = d.rowEnd - d.rowBegin;
    const uint32_t height = ceilDivide(total, ceilDivide(total, uint32_t(MT_ROWS)));
    const uint32_t wide = pass.columns ? 1020 / height * height : 8 * height;
    const uint32_t fair = ceilDivide(ceilDivide(total, 4 * threadCount()), height) * height;
    const uint32_t strip = threadCount() == 1 ? wide : least(wide, fair);
    const uint32_t chunk = pass.columns ? kColumnChunk : kRowChunk;
    const unsigned groups = kGroups<T, Lanes>(height);
    parallelTiles(ceilDivide(total, strip), [&](uint32_t task) {
        const uint32_t begin = d.rowBegin + task * strip, end = least(begin + strip, d.rowEnd);
        for (uint32_t k = 0; k < most(1u, pass.terms); k += chunk) {
            const uint32_t count = least(chunk, pass.terms - k);
            for (uint32_t row = begin; row < end; row += height) {
                const uint32_t rows = least(height, end - row);
                for (uint32_t block = d.blockBegin; block < d.blockEnd;) {
                    const unsigned n = d.blockEnd - block < groups ? 1 : groups;
                    const T* b[4];
                    T* c[4];
                    for (unsigned p = 0; p < n; ++p, ++block) {
                        b[p] = pass.b + (size_t(block) * pass.terms + k) * Lanes;
                        c[p] = pass.c + (size_t(block) * pass.rows + row) * Lanes;
                    }
                    const Edge edge{k > 0 || (d.flags & kAccumulate), pass.bias && k + count == pass.terms ? pass.bias + row : nullptr, false};
                    withTile<T, Lanes>(rows, n, [&]<unsigned R, unsigned P>() {
                        if (pass.columns)
                            multiplyColumns<T, Lanes, R, P>(pass.a + size_t(k) * pass.rows + row, pass.rows, row + kColumnAhead < pass.rows ? kColumnAhead : 0, count,
                                                            b, Lanes, c, Lanes, edge);
                        else multiplyRows<T, Lanes, R, P>(pass.a + size_t(row) * pass.terms + k, pass.terms, count, b, Lanes, c, Lanes, edge);
                    });
                }
            }
        }
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
constexpr uint32_t kOuterStrip = 256; // columns whose transposed B stays on chip
constexpr size_t kThrough = 8 << 20;  // bytes of C from which it is written past the caches

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
    const uint32_t strips = ceilDivide(columns, kOuterStrip), cuts = threadCount() == 1 ? 1 : least(panels, ceilDivide(4 * threadCount(), strips));
    const unsigned groups = kGroups<T, kColumns>(height);
    const bool aligned = reinterpret_cast<uintptr_t>(pass.c + pass.columnBegin) % 64 == 0 && pass.bChannels % 16 == 0;
    const bool through = aligned && !preload && size_t(rows) * columns * sizeof(T) >= kThrough;
    parallelTiles(strips * cuts, [&](uint32_t task) {
        const uint32_t column = pass.columnBegin + task / cuts * kOuterStrip, width = least(kOuterStrip, pass.columnEnd - column), cut = task % cuts;
        T* b = scratch<T, 1>(size_t(batch) * kOuterStrip);
        transposeImages<T, Lanes>(pass.b, pass.bChannels, column, width, batch, b, kOuterStrip);
        T edgeTile[MT_ROWS * kColumns];
        for (uint32_t i = panels * cut / cuts; i < panels * (cut + 1) / cuts; ++i) {
            const uint32_t row = i * height, count = least(height, rows - row);
            T* line = pass.c + size_t(pass.rowBegin + row) * pass.bChannels + column;
            for (uint32_t at = 0; at < width;) {
                const bool whole = at + kColumns <= width;
                const unsigned n = at + groups * kColumns <= width ? groups : 1;
                const T* from[4];
                T* to[4];
                for (unsigned p = 0; p < n; ++p) {
                    from[p] = b + at + p * kColumns;
                    to[p] = whole ? line + at + p * kColumns : edgeTile;
                }
                const uint32_t rest = width - at;
                if (!whole && preload)
                    for (uint32_t r = 0; r < count; ++r)
                        for (uint32_t j = 0; j < kColumns; ++j) edgeTile[r * kColumns + j] = j < rest ? line[r * size_t(pass.bChannels) + at + j] : T{};
                withTile<T, kColumns>(count, n, [&]<unsigned R, unsigned P>() {
                    multiplyColumns<T, kColumns, R, P>(packed + size_t(i) * height * batch, height, 0, batch, from, kOuterStrip, to, whole ? pass.bChannels : kColumns,
                                                       Edge{preload, nullptr, whole && through});
                });
                if (!whole)
                    for (uint32_t r = 0; r < count; ++r)
                        for (uint32_t j = 0; j < rest; ++j) line[r * size_t(pass.bChannels) + at + j] = edgeTile[r * kColumns + j];
                at += n * kColumns;
            }
        }
    });
}

} // namespace crema
