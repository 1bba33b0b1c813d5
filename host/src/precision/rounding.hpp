// The rounding of fixed point: a counter-based draw, and shift-round-saturate on integers. Same bits as orchestrator/precision/rounding.ts.
#pragma once
#include <algorithm>
#include <cstdint>

namespace crema {

struct DrawKey {
    uint32_t low, high;
};

// 32-bit draw of an element: mixer with xor-shifts 16, 15, 16 and the constants of lowbias32 (Wellons 2018); the key's halves enter
// before and inside it.
inline uint32_t draw(DrawKey key, uint32_t element) {
    uint32_t x = element ^ key.low;
    x = ((x ^ (x >> 16)) * 0x7feb352dU) ^ key.high;
    x = (x ^ (x >> 15)) * 0x846ca68bU;
    return x ^ (x >> 16);
}

constexpr int32_t upperBound(int word) { return (1 << (word - 1)) - 1; }
constexpr int32_t lowerBound(int word) { return -(1 << (word - 1)); }

// acc / 2^shift rounded to an integer, not yet saturated. |acc| < 2^47, 0 <= shift <= 47.
template <bool Stochastic> inline int64_t roundShift(int64_t acc, int shift, uint32_t bits) {
    if (shift == 0) return acc;
    if constexpr (Stochastic) {
        const int64_t added = shift <= 32 ? static_cast<int64_t>(bits >> (32 - shift))
                                          : (static_cast<int64_t>(bits) << (shift - 32)) + (int64_t{1} << (shift - 33));
        return (acc + added) >> shift;
    } else {
        // Half, less one unless the integer below is odd: carries exactly when nearest-even goes up.
        const int64_t odd = (acc >> shift) & 1;
        return (acc + (int64_t{1} << (shift - 1)) - 1 + odd) >> shift;
    }
}

inline int64_t saturate(int64_t value, int word) {
    return std::min<int64_t>(upperBound(word), std::max<int64_t>(lowerBound(word), value));
}

} // namespace crema
