// The output unit of fixed point (docs/precision.md): + bias, shift right and round once, saturate, ReLU; with what the host
// wants to know of the sums.
#pragma once
#include "descriptor.hpp"
#include "types.hpp"

namespace crema {

/// What an op did. Merging is associative, so tiles keep their own.
struct Statistics {
    int64_t magnitude = 0, saturated = 0, underflowed = 0;

    void merge(const Statistics& other) {
        magnitude = most(magnitude, other.magnitude);
        saturated += other.saturated, underflowed += other.underflowed;
    }
};

/// 32-bit draw of element `element` (row-major NCHW index): mixer with the constants of lowbias32 (Wellons 2018).
inline uint32_t drawOf(uint32_t low, uint32_t high, uint32_t element) {
    uint32_t x = element ^ low;
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
        : shift(d.shift), stochastic(d.rounding == 1), relu(d.flags & kRelu && (d.op == kConvForward || d.op == kInnerForward)),
          maximumOnly(d.flags & kMaximumOnly), low(d.seedLow), high(d.seedHigh), least(-(1 << (d.wordC - 1))), greatest((1 << (d.wordC - 1)) - 1) {}

    /// acc / 2^shift rounded; |acc| < 2^48.
    int64_t round(int64_t acc, uint32_t element) const {
        if (shift == 0) return acc;
        if (!stochastic) return (acc + (int64_t(1) << (shift - 1)) - 1 + (acc >> shift & 1)) >> shift;
        const int64_t draw = drawOf(low, high, element);
        return (acc + (shift <= 32 ? draw >> (32 - shift) : (draw << (shift - 32)) + (int64_t(1) << (shift - 33)))) >> shift;
    }

    /// One run of sums to C: `count` elements, of which the first `valid` are results and the others padding.
    /// Element i has the draw of element + i * step.
    template <class T, class Acc>
    void run(const Acc* sums, uint32_t count, uint32_t valid, int64_t bias, uint32_t element, uint32_t step, T* to, Statistics& statistics) const {
        for (uint32_t i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
            const int64_t acc = i < valid ? int64_t(sums[i]) + bias : 0;
            statistics.magnitude = most(statistics.magnitude, acc < 0 ? -acc : acc);
            if (maximumOnly) continue;
            const int64_t rounded = round(acc, element + i * step);
            const int64_t held = rounded > greatest ? greatest : rounded < least ? least : rounded;
            statistics.saturated += held != rounded;
            statistics.underflowed += rounded == 0 && acc != 0;
            to[i] = T(relu && held < 0 ? 0 : held);
        }
    }
};

} // namespace crema
