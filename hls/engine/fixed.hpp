// Block floating point ops: exact integer sums, then the output unit. The order of k is free, because the sums are exact.
#pragma once
#include "fixed-image.hpp"
#include "fixed-inner.hpp"
#include "fixed-weights.hpp"
#include "run.hpp"

namespace crema {

/// Do sums of `terms` products, with biases and what rounding adds, stay below 2^31?
inline bool fitsNarrow(const OpDescriptor& d, const Terms& words, uint64_t terms, const int64_t* bias) {
    constexpr uint64_t kLimit = 0x7fffffff;
    const uint32_t product = d.wordA + d.wordB - 2;
    if (words.split || d.shift > kNarrowShift || terms > (kLimit >> product)) return false;
    const int64_t room = int64_t(kLimit - (terms << product)) - (int64_t(1) << d.shift);
    if (room < 0) return false;
    for (uint32_t row = d.rowBegin; bias && row < d.rowEnd; ++row)
        if (bias[row] > room || -bias[row] > room) return false;
    return true;
}

/// One op on tensors of T. bias: added (forward) or written (backward-weights), or null.
template <class T, unsigned Lanes> struct FixedOp {
    const OpDescriptor& d;
    const T* a;
    const T* b;
    T* c;
    int64_t* bias;
    bool transposed = d.flags & kTransposed;

    Statistics image() const {
        const int64_t* added = d.op == kConvForward ? bias : nullptr;
        const FixedPass<T> pass{{d, a, b, c, nullptr}, added, OutputUnit(d), Terms(d.wordA, d.wordB)};
        if (fitsNarrow(d, pass.words, uint64_t(pass.image.depth) * pass.image.taps, added)) return convolveFixed<T, Lanes, int32_t>(pass);
        return convolveFixed<T, Lanes, int64_t>(pass);
    }

    Statistics inner(bool forward) const {
        const int64_t* added = forward ? bias : nullptr;
        const uint32_t rows = forward ? d.outputs : d.channels, terms = forward ? d.channels : d.outputs;
        const FixedInner<T> pass{{d, a, b, c, nullptr, transposed == forward, rows, terms}, added, OutputUnit(d), Terms(d.wordA, d.wordB)};
        if (fitsNarrow(d, pass.words, terms, added)) return multiplyFixed<T, Lanes, int32_t>(pass);
        return multiplyFixed<T, Lanes, int64_t>(pass);
    }

    /// C[row][column] is dW as stored: [o][k], or [k][o] where transposed, with the operands exchanged.
    Statistics outer() const {
        const OuterPass<T> pass = transposed ? OuterPass<T>{d, b, a, c, d.channels, d.outputs, 0, d.channels, d.rowBegin, d.rowEnd}
                                             : OuterPass<T>{d, a, b, c, d.outputs, d.channels, d.rowBegin, d.rowEnd, 0, d.channels};
        const Terms words = transposed ? Terms(d.wordB, d.wordA) : Terms(d.wordA, d.wordB);
        if (fitsNarrow(d, words, d.batch, nullptr)) return multiplyFixedOuter<T, Lanes, int32_t>(pass, words);
        return multiplyFixedOuter<T, Lanes, int64_t>(pass, words);
    }

    Statistics run() const {
        switch (d.op) {
        case kConvForward:
        case kConvBackwardData: return image();
        case kInnerForward: return inner(true);
        case kInnerBackwardData: return inner(false);
        default:
            if (bias) sumFixedBias<T, Lanes>(d, a, bias);
            if (d.flags & kNoWeights) return {};
            return d.op == kInnerBackwardWeights ? outer() : correlateFixed<T, Lanes>(d, a, b, c);
        }
    }
};

/// An op that this engine does not define is passed over.
template <class T> inline void runFixed(const OpDescriptor& d, const Ports& ports) {
    const auto word = [](uint32_t bits) { return bits >= 2 && bits <= 8 * sizeof(T); };
    if (d.flags & kAccumulate || d.op < kConvForward || d.op > kInnerBackwardWeights || d.shift > 47 || !(d.lanes & CREMA_LANES) || (d.lanes != 8 && d.lanes != 16)) return;
    if (!word(d.wordA) || !word(d.wordB) || !word(d.wordC)) return;
    const auto* a = at(reinterpret_cast<const T*>(ports.a), d.aOffsetLow, d.aOffsetHigh);
    const auto* b = at(reinterpret_cast<const T*>(ports.b), d.bOffsetLow, d.bOffsetHigh);
    auto* c = at(reinterpret_cast<T*>(ports.c), d.cOffsetLow, d.cOffsetHigh);
    auto* bias = d.flags & kBias ? at(reinterpret_cast<int64_t*>(ports.bias), d.biasOffsetLow, d.biasOffsetHigh) : nullptr;
    auto* record = at(reinterpret_cast<int64_t*>(ports.bias), d.statisticsLow, d.statisticsHigh);
    Statistics found;
    if (CREMA_LANES == 16 || d.lanes == 16) found = FixedOp<T, 16>{d, a, b, c, bias}.run();
    else found = FixedOp<T, CREMA_LANES == 16 ? 16 : 8>{d, a, b, c, bias}.run();
    record[0] = found.magnitude, record[1] = found.saturated, record[2] = found.underflowed, record[3] = 0;
}

} // namespace crema
