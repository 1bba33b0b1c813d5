// Kernels of the array in fixed point, compiled once for int8 and int16.
#include "sums.hpp"

namespace crema {

namespace {

/// Adds sums [rows][run] to accumulators from element `at` of each row on.
template <class Acc> void accumulate(const int32_t* sums, unsigned rows, uint32_t run, size_t at, const Accumulators& to) {
    for (unsigned r = 0; r < rows; ++r) {
        Acc* acc = static_cast<Acc*>(to.memory) + r * to.rowStride + at;
        const int32_t* from = sums + size_t(r) * run;
        if (to.fresh)
            for (uint32_t i = 0; i < run; ++i)
#pragma HLS PIPELINE II=1
                acc[i] = Acc(from[i]) << to.shift;
        else
            for (uint32_t i = 0; i < run; ++i)
#pragma HLS PIPELINE II=1
                acc[i] += Acc(from[i]) << to.shift;
    }
}

CREMA_NOINLINE void accumulate(const int32_t* sums, unsigned rows, uint32_t run, size_t at, const Accumulators& to) {
    if (to.wide) accumulate<int64_t>(sums, rows, run, at, to);
    else accumulate<int32_t>(sums, rows, run, at, to);
}

/// The registers of a micro-tile before the first step: less what the bias of b will add (`start`, a number per row, or null).
template <unsigned W, unsigned R, unsigned M> inline void beginTile(Sums<W> (&acc)[R][M], const int32_t* start) {
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (unsigned j = 0; j < M; ++j) acc[r][j] = start ? Sums<W>{} - start[r] : Sums<W>{};
}

template <unsigned W, unsigned R, unsigned M> inline void storeTile(const Sums<W> (&acc)[R][M], int32_t* sums, size_t rowStride, bool add) {
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (unsigned j = 0; j < M; ++j) {
            int32_t* const at = sums + r * rowStride + j * W;
            store(at, add ? load<Sums<W>>(at) + acc[r][j] : acc[r][j]);
        }
}

/// And after the last one: to the accumulators from element `at` of each row on.
template <unsigned W, unsigned R, unsigned M> inline void endTile(const Sums<W> (&acc)[R][M], const Accumulators& to, size_t at) {
    if (to.wide || to.shift != 0) {
        int32_t sums[R * M * W];
        storeTile<W, R, M>(acc, sums, M * W, false);
        accumulate(sums, R, M * W, at, to);
    } else storeTile<W, R, M>(acc, static_cast<int32_t*>(to.memory) + at, to.rowStride, !to.fresh);
}

/// R rows times `total` places, P at a time.
template <bool Quads, unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void dotGathered(const GatheredSums& call, uint32_t first, uint32_t total, const int32_t* start, const Accumulators& to) {
    constexpr unsigned W = kWidth<int32_t, Lanes>, N = Lanes / W;
    const int32_t* const a = call.a;
    const Tap* const taps = call.taps;
    const uint32_t count = call.count;
    for (uint32_t at = first; at < first + total; at += P) {
        const int32_t* base[P];
#pragma GCC unroll 4
        for (unsigned p = 0; p < P; ++p) base[p] = call.b + call.places[at + p];
        Sums<W> acc[R][P * N];
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
        beginTile<W, R, P * N>(acc, Quads ? start : nullptr);
        for (uint32_t k = 0; k < count; ++k) {
#pragma HLS PIPELINE II=1
            const int32_t* row = a + taps[k].a;
            const size_t offset = taps[k].b;
            Sums<W> x[P * N];
#pragma GCC unroll 16
            for (unsigned j = 0; j < P * N; ++j) x[j] = load<Sums<W>>(base[j / N] + offset + j % N * W);
#pragma GCC unroll 16
            for (unsigned r = 0; r < R; ++r) {
                const Sums<W> s = Sums<W>{} + row[r];
#pragma GCC unroll 16
                for (unsigned j = 0; j < P * N; ++j) acc[r][j] = dot<Quads, W>(acc[r][j], s, x[j]);
            }
        }
        endTile<W, R, P * N>(acc, to, size_t(at) * Lanes);
    }
}

/// The same where k is contiguous.
template <bool Quads, unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void dotRows(const RowSums& call, uint32_t first, uint32_t total, const int32_t* start, const Accumulators& to) {
    constexpr unsigned W = kWidth<int32_t, Lanes>, N = Lanes / W;
    const uint32_t count = call.count;
    const size_t step = call.bStep;
    const int32_t* row[R];
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r) row[r] = call.a + r * call.aStride;
    for (uint32_t at = first; at < first + total; at += P) {
        const int32_t* const b = call.b + at * step;
        Sums<W> acc[R][P * N];
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
        beginTile<W, R, P * N>(acc, Quads ? start : nullptr);
        for (uint32_t k = 0; k < count; ++k) {
#pragma HLS PIPELINE II=1
            Sums<W> x[P * N];
#pragma GCC unroll 16
            for (unsigned j = 0; j < P * N; ++j) x[j] = load<Sums<W>>(b + j / N * step + size_t(k) * Lanes + j % N * W);
#pragma GCC unroll 16
            for (unsigned r = 0; r < R; ++r) {
                const Sums<W> s = Sums<W>{} + row[r][k];
#pragma GCC unroll 16
                for (unsigned j = 0; j < P * N; ++j) acc[r][j] = dot<Quads, W>(acc[r][j], s, x[j]);
            }
        }
        endTile<W, R, P * N>(acc, to, size_t(at) * Lanes);
    }
}

/// O x C sums over steps; lanes add up later, in any order.
template <bool Quads, unsigned O, unsigned C> CREMA_NOINLINE void dotPixels(const PixelSums& call) {
    constexpr unsigned W = kPairWidth;
    const int32_t *row[O], *column[C];
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o) row[o] = call.rows + o * call.rowStride;
#pragma GCC unroll 16
    for (unsigned c = 0; c < C; ++c) column[c] = call.columns[c];
    Sums<W> acc[O][C];
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c) acc[o][c] = call.fresh ? Sums<W>{} : load<Sums<W>>(call.sums + (o * C + c) * W);
    const Step* const steps = call.steps;
    const uint32_t count = call.count;
    for (uint32_t i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
        const size_t a = steps[i].a, b = steps[i].b;
        Sums<W> x[C];
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c) x[c] = inRegister(load<Sums<W>>(column[c] + b));
#pragma GCC unroll 16
        for (unsigned o = 0; o < O; ++o) {
            const Sums<W> s = inRegister(load<Sums<W>>(row[o] + a));
#pragma GCC unroll 16
            for (unsigned c = 0; c < C; ++c) acc[o][c] = dot<Quads, W>(acc[o][c], s, x[c]);
        }
    }
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c) store(call.sums + (o * C + c) * W, acc[o][c]);
}

constexpr unsigned kStarts = ceilDivide(unsigned(MT_ROWS), 8u) * 8;

/// 128 * sum of a row's factors: what the bias of b adds to each of its sums.
void biasOfRows(const GatheredSums& call, int32_t* start) {
    for (unsigned r = 0; r < call.rows; r += 8) {
        Sums<8> acc{};
        for (uint32_t k = 0; k < call.count; ++k)
#pragma HLS PIPELINE II=1
            acc = dotQuads<8>(acc, load<Sums<8>>(call.a + call.taps[k].a + r), Sums<8>{} + kByteBias);
        store(start + r, acc);
    }
}

void biasOfRows(const RowSums& call, int32_t* start) {
    constexpr unsigned W = kWidth<int32_t, 16>;
    for (unsigned r = 0; r < call.rows; ++r) {
        Sums<W> acc{};
        for (uint32_t k = 0; k < call.count; k += W)
#pragma HLS PIPELINE II=1
            acc = dotQuads<W>(acc, load<Sums<W>>(call.a + r * call.aStride + k), Sums<W>{} + kByteBias);
        start[r] = 0;
        for (unsigned i = 0; i < W; ++i) start[r] += acc[i];
    }
}

template <bool Quads, unsigned Lanes> void gathered(const GatheredSums& call, const Accumulators& to) {
    int32_t start[kStarts];
    if constexpr (Quads) biasOfRows(call, start);
    inTiles<int32_t, Lanes>(call.rows, call.pixels, [&]<unsigned R, unsigned P>(uint32_t first, uint32_t total) { dotGathered<Quads, Lanes, R, P>(call, first, total, start, to); });
}

template <bool Quads, unsigned Lanes> void inRows(const RowSums& call, const Accumulators& to) {
    int32_t start[kStarts];
    if constexpr (Quads) biasOfRows(call, start);
    inTiles<int32_t, Lanes>(call.rows, call.places, [&]<unsigned R, unsigned P>(uint32_t first, uint32_t total) { dotRows<Quads, Lanes, R, P>(call, first, total, start, to); });
}

template <unsigned O = kPairRows, unsigned C = kPairColumns, class Body> void withPairs(unsigned rows, unsigned columns, const Body& body) {
    if constexpr (C > 1)
        if (columns < C) return withPairs<O, C - 1>(rows, columns, body);
    if constexpr (O > 1)
        if (rows < O) return withPairs<O - 1, C>(rows, columns, body);
    body.template operator()<O, C>();
}

constexpr unsigned kLeastLanes = CREMA_LANES == 16 ? 16 : 8;
inline bool takes16(unsigned lanes) { return kLeastLanes == 16 || lanes == 16; }

} // namespace

void sumGathered(const GatheredSums& call, const Accumulators& to) {
#if CREMA_QUADS
    if (call.quads) return takes16(call.lanes) ? gathered<true, 16>(call, to) : gathered<true, kLeastLanes>(call, to);
#endif
    if (takes16(call.lanes)) gathered<false, 16>(call, to);
    else gathered<false, kLeastLanes>(call, to);
}

void sumRows(const RowSums& call, const Accumulators& to) {
#if CREMA_QUADS
    if (call.quads) return takes16(call.lanes) ? inRows<true, 16>(call, to) : inRows<true, kLeastLanes>(call, to);
#endif
    if (takes16(call.lanes)) inRows<false, 16>(call, to);
    else inRows<false, kLeastLanes>(call, to);
}

void sumPixels(const PixelSums& call) {
    withPairs(call.rowCount, call.columnCount, [&]<unsigned O, unsigned C>() {
#if CREMA_QUADS
        if (call.quads) return dotPixels<true, O, C>(call);
#endif
        dotPixels<false, O, C>(call);
    });
}

} // namespace crema
