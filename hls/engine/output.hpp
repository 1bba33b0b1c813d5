// The output unit of fixed point (docs/precision.md): + bias, shift right and round once, saturate, ReLU; with what the host
// wants to know of the sums. Sums that fit int32 are rounded in int32, others in int64.
#pragma once
#include "descriptor.hpp"
#include "dot.hpp"

namespace crema {

/// What an op did. Merging is associative, so tiles keep their own.
struct Statistics {
    int64_t magnitude = 0, saturated = 0, underflowed = 0;

    void merge(const Statistics& other) {
        magnitude = most(magnitude, other.magnitude);
        saturated += other.saturated, underflowed += other.underflowed;
    }
};

/// The 32-bit draws of elements (row-major NCHW indices): mixer with the constants of lowbias32 (Wellons 2018).
template <class U> inline U drawOf(uint32_t low, uint32_t high, const U& element) {
    U x = element ^ low;
    x = ((x ^ x >> 16) * 0x7feb352du) ^ high;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/// Settings of one op.
struct OutputUnit {
    uint32_t shift;
    bool stochastic, relu, maximumOnly;
    uint32_t low, high;
    int32_t least, greatest; // of the result's word

    explicit OutputUnit(const OpDescriptor& d)
        : shift(d.shift), stochastic(d.rounding == 1 && d.shift > 0), relu(d.flags & kRelu && d.op % 3 == 1), maximumOnly(d.flags & kMaximumOnly), low(d.seedLow),
          high(d.seedHigh), least(-(1 << (d.wordC - 1))), greatest((1 << (d.wordC - 1)) - 1) {}
};

/// Longest shift of the int32 form, which needs room for a sum and 2^shift (fitsNarrow).
constexpr uint32_t kNarrowShift = 30;

/// The unit on vectors of W sums of type Acc, with its counts in lanes; one per run of a row, then `finish`.
template <class Acc, unsigned W, bool Stochastic> struct OutputLanes {
    using V = Vector<Acc, W>;
    using U = Vector<uint32_t, W>;
    const OutputUnit unit; // a copy: stores to C alias nothing in it
    V greatest{}, smallest{}, held{}, zeros{}; // held: less one for each result within the word; zeros: results less sums that are zero
    uint32_t steps = 0;

    /// The sum shifted down and rounded.
    V rounded(const V& acc, const U& element) const {
        const uint32_t shift = unit.shift;
        if constexpr (sizeof(Acc) == 4) {
            const uint32_t mask = (1u << shift) - 1;
            V add;
            if constexpr (Stochastic) add = as<V>(drawOf(unit.low, unit.high, element) >> (32 - shift));
            else add = (acc >> int32_t(shift) & int32_t(shift != 0)) + int32_t(mask >> 1); // half less one, unless the integer below is odd
            return (acc + add) >> int32_t(shift);
        } else {
            using L = Vector<uint64_t, W>;
            constexpr uint64_t kOffset = uint64_t(1) << 50; // above every sum, a multiple of 2^(shift + 1): logical shifts do
            const uint64_t mask = (uint64_t(1) << shift) - 1;
            const L up = as<L>(acc) + kOffset;
            const L below = up >> shift;
            L add;
            if constexpr (Stochastic) {
                const L draw = converted<L>(drawOf(unit.low, unit.high, element));
                add = shift <= 32 ? draw >> (32 - shift) : (draw << (shift - 32)) + (uint64_t(1) << (shift - 33));
            } else add = (below & uint64_t(shift != 0)) + (mask >> 1);
            return as<V>(((up & mask) + add) >> shift) + as<V>(below - (kOffset >> shift));
        }
    }

    /// W sums to W results; with maximumOnly only the largest sums are kept. Gradients never meet a ReLU.
    template <bool Forward> V step(const V& acc, const U& element) {
        greatest = larger(greatest, acc);
        smallest = smaller(smallest, acc);
        const V q = rounded(acc, element);
        const V bounded = larger(smaller(q, V{} + Acc(unit.greatest)), V{} + Acc(unit.least));
        held = held + equal(bounded, q);
        zeros = zeros - equal(q, V{}) + equal(acc, V{});
        ++steps;
        return Forward ? larger(bounded, V{} + Acc(unit.relu ? 0 : unit.least)) : bounded;
    }

    void finish(Statistics& statistics) const {
        for (unsigned i = 0; i < W; ++i) {
            statistics.magnitude = most(statistics.magnitude, most(int64_t(greatest[i]), -int64_t(smallest[i])));
            if (unit.maximumOnly) continue;
            statistics.saturated += int64_t(steps) + held[i], statistics.underflowed += zeros[i];
        }
    }
};

/// A block of lanes in C: element offset, row-major index of lane 0, lanes that hold images.
struct OutputPlace {
    size_t c;
    uint32_t element, valid;
};

/// One row of sums [place][Lanes] to its places in C; lane i draws as element + i * step. Padding lanes become zero.
template <class T, class Acc, unsigned Lanes, bool Stochastic>
CREMA_NOINLINE void outputLanes(const OutputUnit& unit, const Acc* sums, const OutputPlace* places, uint32_t count, int64_t bias, uint32_t step, T* c, Statistics& statistics) {
    constexpr unsigned W = kWidth<Acc, Lanes>;
    using Lane = OutputLanes<Acc, W, Stochastic>;
    Lane lane{unit};
    typename Lane::V number{};
    typename Lane::U steps[Lanes / W] = {};
    for (unsigned i = 0; i < W; ++i) number[i] = Acc(i);
    for (unsigned i = 0; i < Lanes; ++i) steps[i / W][i % W] = i * step;
    for (uint32_t i = 0; i < count; ++i) {
        const OutputPlace& place = places[i];
        for (unsigned j = 0; j < Lanes / W; ++j) {
#pragma HLS PIPELINE II=1
            typename Lane::V acc = load<typename Lane::V>(sums + size_t(i) * Lanes + j * W) + Acc(bias);
            if (place.valid < Lanes) acc = acc & smaller(larger(number + Acc(j * W) - Acc(place.valid), typename Lane::V{} - 1), typename Lane::V{});
            const auto result = lane.template step<true>(acc, steps[j] + place.element);
            if (!unit.maximumOnly) store(c + place.c + j * W, narrowed<T, W>(result));
        }
    }
    lane.finish(statistics);
}

template <class T, unsigned Lanes, class Acc>
inline void outputRow(const OutputUnit& unit, const Acc* sums, const OutputPlace* places, uint32_t count, int64_t bias, uint32_t step, T* c, Statistics& statistics) {
    if (unit.stochastic) outputLanes<T, Acc, Lanes, true>(unit, sums, places, count, bias, step, c, statistics);
    else outputLanes<T, Acc, Lanes, false>(unit, sums, places, count, bias, step, c, statistics);
}

constexpr unsigned kLineLanes = 16;

constexpr uint32_t kRun = 32;

/// `count` sums, a multiple of kRun, to a run of C whose elements are numbered from `element`.
template <class T, class Acc, bool Stochastic>
CREMA_NOINLINE void outputRun(const OutputUnit& unit, const Acc* sums, uint32_t count, uint32_t element, T* c, Statistics& statistics) {
    constexpr unsigned W = kWidth<Acc, kLineLanes>, N = kRun / W;
    using Lane = OutputLanes<Acc, W, Stochastic>;
    Lane lane{unit};
    typename Lane::U index{};
    for (unsigned i = 0; i < W; ++i) index[i] = element + i;
    for (uint32_t at = 0; at < count; at += kRun) {
#pragma HLS PIPELINE II=1
        typename Lane::V result[N];
#pragma GCC unroll 16
        for (unsigned j = 0; j < N; ++j, index = index + W) result[j] = lane.template step<false>(load<typename Lane::V>(sums + at + j * W), index);
        if (!unit.maximumOnly) storeNarrowed<T, W, N>(c + at, result);
    }
    lane.finish(statistics);
}

/// A run of C: `count` sums, readable up to a multiple of kLineLanes, to c[0 .. count), whose first element has index `element`.
template <class T, class Acc> inline void outputLine(const OutputUnit& unit, const Acc* sums, uint32_t count, uint32_t element, T* c, Statistics& statistics) {
    const uint32_t whole = count / kRun * kRun;
    if (unit.stochastic) outputRun<T, Acc, true>(unit, sums, whole, element, c, statistics);
    else outputRun<T, Acc, false>(unit, sums, whole, element, c, statistics);
    for (uint32_t at = whole; at < count; at += kLineLanes) {
        T last[kLineLanes];
        const OutputPlace place{0, element + at, least(kLineLanes, count - at)};
        outputRow<T, kLineLanes>(unit, sums + at, &place, 1, 0, 1, last, statistics);
        for (uint32_t i = 0; i < place.valid && !unit.maximumOnly; ++i) c[at + i] = last[i];
    }
}

} // namespace crema
