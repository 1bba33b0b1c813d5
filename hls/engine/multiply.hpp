// The array of multiply-accumulators: R rows of C times P groups of `Lanes` columns, accumulators in registers, one k per
// step. Every accumulator sums the products of a chunk of k from zero, ascending, so no other choice of R and P changes a bit.
#pragma once
#include "types.hpp"

namespace crema {

/// Where the operands of one k lie: element offsets into a packed panel of A and from a column group's base of B.
struct Tap {
    uint32_t a, b;
};

/// What happens to the sum of a chunk: added to C in memory or not, then to a bias per row or not. Adding whole sums, not
/// going on from C, keeps rounding at that of a chunk however deep the product is.
struct Edge {
    bool preload;
    const float* bias;   // of row 0, or null
    bool resume = false; // C holds the first part of this chunk's sum: go on from it
};

/// Products that are summed from zero before they are added to C: part of the arithmetic contract.
constexpr uint32_t kChunk = 256;

/// Column groups that a micro-tile of R rows holds.
template <class T, unsigned Lanes> constexpr unsigned kGroups(unsigned rows) {
    const unsigned fit = MT_ACCUMULATORS / (rows * (Lanes / kWidth<T, Lanes>));
    return fit < 1 ? 1 : fit > 4 ? 4 : fit;
}

/// R x P micro-tile of C in registers, with the two ways its operands arrive.
template <class T, unsigned Lanes, unsigned R, unsigned P> struct Tile {
    static constexpr unsigned W = kWidth<T, Lanes>, N = Lanes / W;
    using V = Vector<T, W>;
    V acc[R][P * N];

    inline void open(T* const* c, size_t rowStride, bool resume) {
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
#pragma GCC unroll 16
        for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
            for (unsigned j = 0; j < P * N; ++j) acc[r][j] = resume ? load<V>(c[j / N] + r * rowStride + j % N * W) : V{};
    }

    /// a: element r of the step; b: the step's column groups.
    template <class A, class B> inline void step(const A& a, const B& b) {
        V x[P * N];
#pragma GCC unroll 16
        for (unsigned j = 0; j < P * N; ++j) x[j] = load<V>(b(j / N) + j % N * W);
#pragma GCC unroll 16
        for (unsigned r = 0; r < R; ++r) {
            const T s = a(r);
#pragma GCC unroll 16
            for (unsigned j = 0; j < P * N; ++j) acc[r][j] = mac(acc[r][j], s, x[j]);
        }
    }

    inline void close(T* const* c, size_t rowStride, const Edge& edge) {
        if (edge.preload) {
#pragma GCC unroll 16
            for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
                for (unsigned j = 0; j < P * N; ++j) acc[r][j] = load<V>(c[j / N] + r * rowStride + j % N * W) + acc[r][j];
        }
        if (edge.bias) {
#pragma GCC unroll 16
            for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
                for (unsigned j = 0; j < P * N; ++j) acc[r][j] = acc[r][j] + edge.bias[r];
        }
#pragma GCC unroll 16
        for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
            for (unsigned j = 0; j < P * N; ++j)
                store(c[j / N] + r * rowStride + j % N * W, acc[r][j]);
    }
};

/// A pixel of a tile: element offsets of its corner in the window of B and of its row 0 in C.
struct PixelPlace {
    uint32_t b;
    size_t c;
};

/// Convolution: k walks a list of taps, for `pixels` pixels (a multiple of P) in turn. c is row 0 of the panel.
template <class T, unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void multiplyGathered(const T* a, const Tap* taps, uint32_t count, const T* b, T* c, const PixelPlace* places, uint32_t pixels, size_t rowStride,
                                     const Edge& edge) {
    for (uint32_t at = 0; at < pixels; at += P) {
        const T* base[P];
        T* to[P];
#pragma GCC unroll 4
        for (unsigned p = 0; p < P; ++p) base[p] = b + places[at + p].b, to[p] = c + places[at + p].c;
        Tile<T, Lanes, R, P> tile;
        tile.open(to, rowStride, edge.resume);
        for (uint32_t k = 0; k < count; ++k) {
#pragma HLS PIPELINE II=1
            const T* row = a + taps[k].a;
            const size_t offset = taps[k].b;
            tile.step([row](unsigned r) { return row[r]; }, [&base, offset](unsigned p) { return base[p] + offset; });
        }
        tile.close(to, rowStride, edge);
    }
}

/// Inner product with weights whose k is contiguous: row r of A is a + r * aStride; column groups as in multiplyColumns.
template <class T, unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void multiplyRows(const T* a, size_t aStride, uint32_t count, const T* b, size_t bStride, size_t bStep, T* c, size_t rowStride, size_t cStep,
                                 uint32_t groups, const Edge& edge) {
    for (uint32_t at = 0; at < groups; at += P) {
        const T *row[R], *base[P];
        T* to[P];
#pragma GCC unroll 16
        for (unsigned r = 0; r < R; ++r) row[r] = a + r * aStride;
#pragma GCC unroll 4
        for (unsigned p = 0; p < P; ++p) base[p] = b + (at + p) * bStep, to[p] = c + (at + p) * cStep;
        Tile<T, Lanes, R, P> tile;
        tile.open(to, rowStride, edge.resume);
        size_t offset = 0;
        for (uint32_t k = 0; k < count; ++k, offset += bStride) {
#pragma HLS PIPELINE II=1
            tile.step([&row, k](unsigned r) { return row[r][k]; }, [&base, offset](unsigned p) { return base[p] + offset; });
        }
        tile.close(to, rowStride, edge);
    }
}

/// The same with rows of C contiguous in A and k at a stride; `groups` column groups (a multiple of P) lie bStep and cStep apart.
template <class T, unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void multiplyColumns(const T* a, size_t aStride, uint32_t count, const T* b, size_t bStride, size_t bStep, T* c, size_t rowStride, size_t cStep,
                                    uint32_t groups, const Edge& edge) {
    for (uint32_t at = 0; at < groups; at += P) {
        const T* base[P];
        T* to[P];
#pragma GCC unroll 4
        for (unsigned p = 0; p < P; ++p) base[p] = b + (at + p) * bStep, to[p] = c + (at + p) * cStep;
        Tile<T, Lanes, R, P> tile;
        tile.open(to, rowStride, edge.resume);
        const T* row = a;
        size_t offset = 0;
        for (uint32_t k = 0; k < count; ++k, offset += bStride, row += aStride) {
#pragma HLS PIPELINE II=1
            tile.step([row](unsigned r) { return row[r]; }, [&base, offset](unsigned p) { return base[p] + offset; });
        }
        tile.close(to, rowStride, edge);
    }
}

/// body.operator()<R, P>(first, count) for runs of `total` column groups that R = `rows` rows take P at a time: as many as the registers hold,
/// and what is left one by one. So there is one pair of instances for each number of rows.
template <class T, unsigned Lanes, unsigned R = MT_ROWS, class Body> inline void inTiles(unsigned rows, uint32_t total, const Body& body) {
    if constexpr (R > 1)
        if (rows < R) return inTiles<T, Lanes, R - 1>(rows, total, body);
    constexpr unsigned P = kGroups<T, Lanes>(R);
    const uint32_t whole = total / P * P;
    if (whole > 0) body.template operator()<R, P>(0u, whole);
    if constexpr (P > 1)
        if (whole < total) body.template operator()<R, 1>(whole, total - whole);
}

} // namespace crema
