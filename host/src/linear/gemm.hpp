// Packed single-precision matrix multiply: C (+)= A · B in tiles of kRows x kColumns registers, k ascending. Callers hand in
// functions that pack A and B, so a convolution packs straight from the image. One tile never depends on threads.
#pragma once
#include "../transpose.hpp"
#include "../vector.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace crema {

// 12 accumulators plus two columns and one broadcast fill the 16 registers of AVX2; AVX-512 has 32, so twice the rows.
#if defined(__AVX512F__)
constexpr int64_t kRows = 12;
#else
constexpr int64_t kRows = 6;
#endif
constexpr int64_t kColumns = 2 * kWidth;
constexpr int64_t kDepth = 256;                // k per pass: a tile's panels stay in the first cache
constexpr int64_t kStrip = 12 * kColumns;      // columns of a packed B: kDepth x kStrip floats stay in the second cache
constexpr int64_t kBlockRows = 16 * kRows;     // rows of a packed A

inline int64_t roundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Width of the strips that cut `columns` evenly, at most kStrip each.
inline int64_t stripWidth(int64_t columns) {
    const int64_t strips = std::max<int64_t>(1, (columns + kStrip - 1) / kStrip);
    return roundUp((columns + strips - 1) / strips, kColumns);
}

// What the sum is added to. A pass sums from zero and is added once, last: rounding then grows with the depth of a pass and
// the number of passes, not with the whole depth (docs/numerics.md).
enum class Start { zero, bias, memory };

// c = start + sum over k of a[k][row] * b[k][column]; a: [depth][kRows], b: [depth][kColumns]. `bias`: added at the end.
inline void tileProduct(int64_t depth, const float *a, const float *b, float *c, int64_t stride, bool add, const float *bias) {
    using F = Vector<kWidth>::F;
    F acc[kRows][2] = {};
    for (int64_t k = 0; k < depth; k++, a += kRows, b += kColumns) {
        const F b0 = load<kWidth>(b), b1 = load<kWidth>(b + kWidth);
#pragma GCC unroll 16
        for (int64_t r = 0; r < kRows; r++) {
            acc[r][0] += a[r] * b0;
            acc[r][1] += a[r] * b1;
        }
    }
    if (add)
        for (int64_t r = 0; r < kRows; r++) {
            acc[r][0] += load<kWidth>(c + r * stride);
            acc[r][1] += load<kWidth>(c + r * stride + kWidth);
        }
    if (bias)
        for (int64_t r = 0; r < kRows; r++) {
            acc[r][0] += bias[r];
            acc[r][1] += bias[r];
        }
    for (int64_t r = 0; r < kRows; r++) {
        store<kWidth>(c + r * stride, acc[r][0]);
        store<kWidth>(c + r * stride + kWidth, acc[r][1]);
    }
}

// The same for the rows and columns at the border: through a full tile on the stack.
inline void borderTile(int64_t depth, const float *a, const float *b, float *c, int64_t stride, int64_t rows, int64_t columns,
                       bool add, const float *bias) {
    float tile[kRows * kColumns] = {}, ends[kRows] = {};
    if (add)
        for (int64_t r = 0; r < rows; r++) std::copy(c + r * stride, c + r * stride + columns, tile + r * kColumns);
    if (bias) std::copy(bias, bias + rows, ends);
    tileProduct(depth, a, b, tile, kColumns, add, bias ? ends : nullptr);
    for (int64_t r = 0; r < rows; r++) std::copy(tile + r * kColumns, tile + r * kColumns + columns, c + r * stride);
}

// All tiles of packed A (rows) x packed B (columns) over one depth pass.
inline void tiles(int64_t rows, int64_t columns, int64_t depth, const float *a, const float *b, float *c, int64_t stride,
                  bool add, const float *bias) {
    for (int64_t j = 0; j < columns; j += kColumns) {
        const int64_t n = std::min(kColumns, columns - j);
        for (int64_t i = 0; i < rows; i += kRows) {
            const int64_t m = std::min(kRows, rows - i);
            const float *panelA = a + i * depth, *panelB = b + j * depth;
            float *out = c + i * stride + j;
            if (m == kRows && n == kColumns)
                tileProduct(depth, panelA, panelB, out, stride, add, bias ? bias + i : nullptr);
            else
                borderTile(depth, panelA, panelB, out, stride, m, n, add, bias ? bias + i : nullptr);
        }
    }
}

// A thread's packing memory; two slots.
template <int Slot> float *packMemory(int64_t count) {
    thread_local std::vector<float> memory;
    if (static_cast<int64_t>(memory.size()) < count) memory.resize(static_cast<size_t>(count));
    return memory.data();
}

/*
 * C[rows x columns] (row stride `stride`, columns <= kStrip) = bias | 0 | C, plus A · B over `depth`.
 * packA(row, rows, k, depth, target): rows into panels [rows / kRows][depth][kRows], missing rows as zeros.
 * packB(k, depth, target): all columns into panels [columns / kColumns][depth][kColumns], missing columns as zeros.
 */
template <class PackA, class PackB>
void stripProduct(int64_t rows, int64_t columns, int64_t depth, PackA packA, PackB packB, float *c, int64_t stride,
                  Start start, const float *bias) {
    float *b = packMemory<0>(kDepth * roundUp(columns, kColumns));
    float *a = packMemory<1>(kDepth * kBlockRows);
    // Passes of even depth.
    const int64_t passes = std::max<int64_t>(1, (depth + kDepth - 1) / kDepth), even = (depth + passes - 1) / passes;
    int64_t k = 0;
    do {
        const int64_t part = std::min(even, depth - k);
        const bool add = k > 0 || start == Start::memory, last = k + part == depth;
        packB(k, part, b);
        for (int64_t i = 0; i < rows; i += kBlockRows) {
            const int64_t m = std::min(kBlockRows, rows - i);
            packA(i, m, k, part, a);
            tiles(m, columns, part, a, b, c + i * stride, stride, add, last && start == Start::bias ? bias + i : nullptr);
        }
        k += part;
    } while (k < depth);
}

// Element (i, j) of a matrix is at[i * rowStride + j * columnStride]: transposes cost nothing to say.
struct View {
    const float *at;
    int64_t rowStride, columnStride;
};

// Packs rows [first, first + count) of `view`, k in [k0, k0 + depth), into panels `unit` wide: target[k][row].
template <int64_t unit>
void packPanels(const View &view, int64_t first, int64_t count, int64_t k0, int64_t depth, float *target) {
    for (int64_t i = 0; i < count; i += unit, target += unit * depth) {
        const int64_t n = std::min(unit, count - i);
        const float *from = view.at + (first + i) * view.rowStride + k0 * view.columnStride;
        if (n < unit) std::fill(target, target + unit * depth, 0.0f);
        if (view.rowStride == 1) {
            for (int64_t k = 0; k < depth; k++) {
                if (n == unit)
                    std::copy(from + k * view.columnStride, from + k * view.columnStride + unit, target + k * unit);
                else
                    std::copy(from + k * view.columnStride, from + k * view.columnStride + n, target + k * unit);
            }
            continue;
        }
        const int64_t whole = view.columnStride == 1 ? depth / 8 * 8 : 0;
        for (int64_t r = 0; r < n; r += 8) {
            const int64_t width = std::min<int64_t>(8, unit - r);
            for (int64_t k = 0; k < whole; k += 8) {
                Vector<8>::F block[8];
                transpose8(from + r * view.rowStride + k, view.rowStride, n - r, block);
                for (int64_t j = 0; j < 8; j++) {
                    float *to = target + (k + j) * unit + r;
                    if (width == 8)
                        store<8>(to, block[j]);
                    else
                        for (int64_t w = 0; w < width; w++) to[w] = block[j][w];
                }
            }
        }
        for (int64_t r = 0; r < n; r++)
            for (int64_t k = whole; k < depth; k++) target[k * unit + r] = from[r * view.rowStride + k * view.columnStride];
    }
}

// C[rows x columns] = start + A · B with threads over strips of columns and blocks of rows. b is given by its columns:
// b.rowStride steps along columns of B, b.columnStride along k.
void product(int64_t rows, int64_t columns, int64_t depth, const View &a, const View &b, float *c, int64_t stride,
             Start start, const float *bias);

} // namespace crema
