// Kernels of the array in fixed point, compiled once for int8 and int16.
#include "sums.hpp"

namespace crema {

namespace {

/// R x P sums of `count` steps in registers, from zero or, `resume`, from what stands there; row r is at sums + r * rowStride.
template <bool Quads, unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void dotGathered(const int32_t* a, const Tap* taps, uint32_t count, const int32_t* b, const uint32_t* places, int32_t* sums, size_t rowStride, bool resume) {
    constexpr unsigned W = kWidth<int32_t, Lanes>, N = Lanes / W;
    const int32_t* base[P];
#pragma GCC unroll 4
    for (unsigned p = 0; p < P; ++p) base[p] = b + places[p];
    Sums<W> acc[R][P * N];
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (unsigned j = 0; j < P * N; ++j) acc[r][j] = resume ? load<Sums<W>>(sums + r * rowStride + j * W) : Sums<W>{};
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
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (unsigned j = 0; j < P * N; ++j) store(sums + r * rowStride + j * W, acc[r][j]);
}

/// The same where k is contiguous.
template <unsigned Lanes, unsigned R, unsigned P>
CREMA_NOINLINE void dotRows(const int32_t* a, size_t aStride, uint32_t count, const int32_t* b, size_t bStep, int32_t* sums, size_t rowStride, bool resume) {
    constexpr unsigned W = kWidth<int32_t, Lanes>, N = Lanes / W;
    const int32_t* row[R];
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r) row[r] = a + r * aStride;
    Sums<W> acc[R][P * N];
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (unsigned j = 0; j < P * N; ++j) acc[r][j] = resume ? load<Sums<W>>(sums + r * rowStride + j * W) : Sums<W>{};
    for (uint32_t k = 0; k < count; ++k) {
#pragma HLS PIPELINE II=1
        Sums<W> x[P * N];
#pragma GCC unroll 16
        for (unsigned j = 0; j < P * N; ++j) x[j] = load<Sums<W>>(b + j / N * bStep + size_t(k) * Lanes + j % N * W);
#pragma GCC unroll 16
        for (unsigned r = 0; r < R; ++r) {
            const Sums<W> s = Sums<W>{} + row[r][k];
#pragma GCC unroll 16
            for (unsigned j = 0; j < P * N; ++j) acc[r][j] = dotPairs<W>(acc[r][j], s, x[j]);
        }
    }
#pragma GCC unroll 16
    for (unsigned r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (unsigned j = 0; j < P * N; ++j) store(sums + r * rowStride + j * W, acc[r][j]);
}

/// O x C sums over steps; lanes add up later, in any order.
template <unsigned O, unsigned C>
CREMA_NOINLINE void dotPixels(const int32_t* rows, size_t rowStride, const int32_t* const* columns, const Step* steps, uint32_t count, int32_t* sums, bool fresh) {
    constexpr unsigned W = kPairWidth;
    const int32_t *row[O], *column[C];
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o) row[o] = rows + o * rowStride;
#pragma GCC unroll 16
    for (unsigned c = 0; c < C; ++c) column[c] = columns[c];
    Sums<W> acc[O][C];
#pragma HLS ARRAY_PARTITION variable=acc complete dim=0
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c) acc[o][c] = fresh ? Sums<W>{} : load<Sums<W>>(sums + (o * C + c) * W);
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
            for (unsigned c = 0; c < C; ++c) acc[o][c] = dotPairs<W>(acc[o][c], s, x[c]);
        }
    }
#pragma GCC unroll 16
    for (unsigned o = 0; o < O; ++o)
#pragma GCC unroll 16
        for (unsigned c = 0; c < C; ++c) store(sums + (o * C + c) * W, acc[o][c]);
}

/// Adds sums [rows][run] less `start` of their row to accumulators from element `at` of each row on.
template <class Acc> void accumulate(const int32_t* sums, unsigned rows, uint32_t run, const int32_t* start, size_t at, const Accumulators& to) {
    for (unsigned r = 0; r < rows; ++r) {
        Acc* acc = static_cast<Acc*>(to.memory) + r * to.rowStride + at;
        const int32_t* from = sums + size_t(r) * run;
        const Acc less = start[r];
        if (to.fresh)
            for (uint32_t i = 0; i < run; ++i)
#pragma HLS PIPELINE II=1
                acc[i] = (Acc(from[i]) - less) << to.shift;
        else
            for (uint32_t i = 0; i < run; ++i)
#pragma HLS PIPELINE II=1
                acc[i] += (Acc(from[i]) - less) << to.shift;
    }
}

void accumulate(const int32_t* sums, unsigned rows, uint32_t run, const int32_t* start, size_t at, const Accumulators& to) {
    if (to.wide) accumulate<int64_t>(sums, rows, run, start, at, to);
    else accumulate<int32_t>(sums, rows, run, start, at, to);
}

/// Accumulators of rows from element `at` on, where sums may go to them from the registers, else null.
int32_t* direct(const Accumulators& to, size_t at) { return to.wide || to.shift != 0 ? nullptr : static_cast<int32_t*>(to.memory) + at; }

constexpr unsigned kStarts = ceilDivide(unsigned(MT_ROWS), 8u) * 8;

/// 128 * sum of a row's factors: what the bias of b adds to each of its sums.
void biasOfRows(const GatheredSums& call, int32_t* start) {
    for (unsigned r = 0; r < call.rows; r += 8) {
        Sums<8> acc{};
        const Sums<8> bias = Sums<8>{} + int32_t(0x80808080);
        for (uint32_t k = 0; k < call.count; ++k)
#pragma HLS PIPELINE II=1
            acc = dotQuads<8>(acc, load<Sums<8>>(call.a + call.taps[k].a + r), bias);
        store(start + r, acc);
    }
}

template <bool Quads, unsigned Lanes> void gathered(const GatheredSums& call, const Accumulators& to) {
    int32_t start[kStarts] = {};
    if constexpr (Quads) biasOfRows(call, start);
    inGroups(call.pixels, kGroups<int32_t, Lanes>(call.rows), [&](uint32_t first, uint32_t total, unsigned groups) {
        withTile<int32_t, Lanes>(call.rows, groups, [&]<unsigned R, unsigned P>() {
            int32_t sums[R * P * Lanes];
            for (uint32_t at = first; at < first + total; at += P) {
                if (int32_t* const straight = Quads ? nullptr : direct(to, size_t(at) * Lanes)) {
                    dotGathered<Quads, Lanes, R, P>(call.a, call.taps, call.count, call.b, call.places + at, straight, to.rowStride, !to.fresh);
                    continue;
                }
                dotGathered<Quads, Lanes, R, P>(call.a, call.taps, call.count, call.b, call.places + at, sums, P * Lanes, false);
                accumulate(sums, R, P * Lanes, start, size_t(at) * Lanes, to);
            }
        });
    });
}

template <unsigned Lanes> void inRows(const RowSums& call, const Accumulators& to) {
    const int32_t start[kStarts] = {};
    inGroups(call.places, kGroups<int32_t, Lanes>(call.rows), [&](uint32_t first, uint32_t total, unsigned groups) {
        withTile<int32_t, Lanes>(call.rows, groups, [&]<unsigned R, unsigned P>() {
            int32_t sums[R * P * Lanes];
            for (uint32_t at = first; at < first + total; at += P) {
                const int32_t* b = call.b + at * call.bStep;
                if (int32_t* const straight = direct(to, size_t(at) * Lanes)) {
                    dotRows<Lanes, R, P>(call.a, call.aStride, call.count, b, call.bStep, straight, to.rowStride, !to.fresh);
                    continue;
                }
                dotRows<Lanes, R, P>(call.a, call.aStride, call.count, b, call.bStep, sums, P * Lanes, false);
                accumulate(sums, R, P * Lanes, start, size_t(at) * Lanes, to);
            }
        });
    });
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
    if (takes16(call.lanes)) inRows<16>(call, to);
    else inRows<kLeastLanes>(call, to);
}

void sumPairs(const int32_t* rows, size_t rowStride, const int32_t* const* columns, unsigned rowCount, unsigned columnCount, const Step* steps, uint32_t count,
              int32_t* sums, bool fresh) {
    withPairs(rowCount, columnCount, [&]<unsigned O, unsigned C>() { dotPixels<O, C>(rows, rowStride, columns, steps, count, sums, fresh); });
}

} // namespace crema
