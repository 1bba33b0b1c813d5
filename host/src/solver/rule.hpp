// The shared frame of the update rules: one pass over a parameter blob, cut into ranges of whole cache lines.
#pragma once
#include "../parallel.hpp"

#include <cstdint>

namespace crema {

// Elements worth a thread: 64 KiB of parameters; the pass is bound by memory, smaller blobs finish before a thread wakes.
constexpr int64_t kUpdateGrain = 16384;

// The gradient that a rule sees, from the accumulated diff: scaled (clipping, 1 / iter_size), then regularised.
// `Power` is 1 for L1 (decay * sign(w)), 2 for L2 (decay * w), 0 for none.
template <int Power> inline float gradientOf(float diff, float weight, float scale, float decay) {
    const float scaled = diff * scale;
    if (Power == 2) return scaled + decay * weight;
    if (Power == 1) return scaled + decay * static_cast<float>((weight > 0.0f) - (weight < 0.0f));
    return scaled;
}

// Runs `element.template at<Power>(i)` for all i. Elements do not depend on each other, so the loop vectorises.
template <class Element> void updatePass(int64_t count, int32_t power, const Element &element) {
    parallelFor(count, kUpdateGrain, [&](int64_t begin, int64_t end) {
        const Element local = element; // a copy the compiler can keep in registers
        if (power == 2) {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) local.template at<2>(i);
        } else if (power == 1) {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) local.template at<1>(i);
        } else {
#pragma GCC ivdep
            for (int64_t i = begin; i < end; i++) local.template at<0>(i);
        }
    });
}

} // namespace crema
