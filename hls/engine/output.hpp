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
        : shift(d.shift), stochastic(d.rounding == 1), relu(d.flags & kRelu && d.op % 3 == 1), maximumOnly(d.flags & kMaximumOnly), low(d.seedLow),
          high(d.seedHigh), least(-(1 << (d.wordC - 1))), greatest((1 << (d.wordC - 1)) - 1) {}
};

/// Longest shift of the int32 form.
constexpr uint32_t kNarrowShift = 31;

/// The unit on vectors of W sums of type Acc, with its counts in lanes; one per run of a row, then `finish`.
template <class Acc, unsigned W, bool Stochastic> struct OutputLanes {
    using V = Vector<Acc, W>;
    using U = Vector<uint32_t, W>;
    const OutputUnit unit; // a copy: stores to C alias nothing in it
    V greatest{}, smallest{}, saturated{}, underflowed{};

    /// Fraction of the shift, rounded: 0 or 1 to add to the sum shifted down.
    V rounded(const V& acc, const U& element) const {
        const uint32_t shift = unit.shift;
        if constexpr (sizeof(Acc) == 4) {
            const uint32_t mask = (1u << shift) - 1;
            const V below = acc >> int32_t(shift);
            const U rest = as<U>(acc) & mask;
            U add;
            if constexpr (Stochastic) add = drawOf(unit.low, unit.high, element) >> (shift ? 32 - shift : 31) & mask;
            else add = (as<U>(below) & uint32_t(shift != 0)) + (mask >> 1); // half less one, unless the integer below is odd
            return below + as<V>((rest + add) >> shift);
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

    /// W sums to W results (before ReLU); with maximumOnly only the largest sums are kept.
    V step(const V& acc, const U& element) {
        greatest = larger(greatest, acc);
        smallest = smaller(smallest, acc);
        const V q = rounded(acc, element);
        const V held = larger(smaller(q, V{} + Acc(unit.greatest)), V{} + Acc(unit.least));
        saturated = saturated + 1 + equal(held, q);
        underflowed = underflowed - (equal(q, V{}) & ~equal(acc, V{}));
        return larger(held, V{} + Acc(unit.relu ? 0 : unit.least));
    }

    void finish(Statistics& statistics) const {
        for (unsigned i = 0; i < W; ++i) {
            statistics.magnitude = most(statistics.magnitude, most(int64_t(greatest[i]), -int64_t(smallest[i])));
            if (unit.maximumOnly) continue;
            statistics.saturated += saturated[i], statistics.underflowed += underflowed[i];
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
            const auto held = lane.step(acc, steps[j] + place.element);
            if (!unit.maximumOnly) store(c + place.c + j * W, narrowed<T, W>(held));
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

/// A run of C: `count` sums, readable up to a multiple of kLineLanes, to c[0 .. count), whose first element has index `element`.
template <class T, class Acc> inline void outputLine(const OutputUnit& unit, Acc* sums, uint32_t count, uint32_t element, T* c, Statistics& statistics) {
    constexpr uint32_t kPart = 64;
    for (uint32_t at = 0; at < count; at += kPart * kLineLanes) {
        OutputPlace places[kPart];
        const uint32_t part = least(kPart, (count - at) / kLineLanes);
        for (uint32_t i = 0; i < part; ++i) places[i] = {size_t(i) * kLineLanes, element + at + i * kLineLanes, kLineLanes};
        outputRow<T, kLineLanes>(unit, sums + at, places, part, 0, 1, c + at, statistics);
    }
    const uint32_t rest = count % kLineLanes;
    if (rest == 0) return;
    T last[kLineLanes];
    const OutputPlace place{0, element + count - rest, rest};
    outputRow<T, kLineLanes>(unit, sums + count - rest, &place, 1, 0, 1, last, statistics);
    for (uint32_t i = 0; i < rest && !unit.maximumOnly; ++i) c[count - rest + i] = last[i];
}

} // namespace crema
