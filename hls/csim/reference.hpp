// The three passes written as their definitions say, on batch-blocked tensors, accumulating in `Real`.
// csim compares the fp32 engine with `double`, the fixed-point ones with 64-bit integers; nothing here is fast and nothing here is synthesised.
#pragma once
#include "../engine/descriptor.hpp"
#include <cstddef>

namespace crema::reference {

inline size_t at(const OpDescriptor& d, uint32_t n, uint32_t c, uint32_t channels, uint32_t y, uint32_t x, uint32_t h, uint32_t w) {
    return (((size_t(n / d.lanes) * channels + c) * h + y) * w + x) * d.lanes + n % d.lanes;
}

/// Calls body(o, c, ky, kx, n, oy, ox, iy, ix) for every multiply-accumulate of the convolution, c counted over all groups.
template <class Body> void forEachMac(const OpDescriptor& d, Body body) {
    const uint32_t ci = d.channels / d.groups, co = d.outputs / d.groups;
    for (uint32_t n = 0; n < d.batch; ++n)
        for (uint32_t o = 0; o < d.outputs; ++o)
            for (uint32_t c = 0; c < ci; ++c)
                for (uint32_t ky = 0; ky < d.kernelH; ++ky)
                    for (uint32_t kx = 0; kx < d.kernelW; ++kx)
                        for (uint32_t oy = 0; oy < d.outHeight; ++oy)
                            for (uint32_t ox = 0; ox < d.outWidth; ++ox) {
                                const int64_t iy = int64_t(oy) * d.strideH + int64_t(ky) * d.dilationH - d.padH;
                                const int64_t ix = int64_t(ox) * d.strideW + int64_t(kx) * d.dilationW - d.padW;
                                if (iy < 0 || ix < 0 || iy >= d.height || ix >= d.width) continue;
                                body(o, c, ky, kx, n, oy, ox, uint32_t(iy), uint32_t(ix), o / co * ci + c);
                            }
}

inline size_t weightAt(const OpDescriptor& d, uint32_t o, uint32_t c, uint32_t ky, uint32_t kx) {
    if (d.flags & kTransposed) return size_t(c) * d.outputs + o;
    return ((size_t(o) * (d.channels / d.groups) + c) * d.kernelH + ky) * d.kernelW + kx;
}

/// c must hold zeros (or the preload) in every element; padding lanes are left alone.
template <class Real, class In, class Bias> void run(const OpDescriptor& d, const In* a, const In* b, Real* c, Real* bias, const Bias* biasIn) {
    const auto top = [&](uint32_t n, uint32_t o, uint32_t y, uint32_t x) { return at(d, n, o, d.outputs, y, x, d.outHeight, d.outWidth); };
    const auto bottom = [&](uint32_t n, uint32_t k, uint32_t y, uint32_t x) { return at(d, n, k, d.channels, y, x, d.height, d.width); };
    const uint32_t op = d.op > 3 ? d.op - 3 : d.op;
    if (!(d.flags & kNoWeights))
        forEachMac(d, [&](auto o, auto k, auto ky, auto kx, auto n, auto oy, auto ox, auto iy, auto ix, auto channel) {
            if (op == kConvForward) c[top(n, o, oy, ox)] += Real(a[weightAt(d, o, k, ky, kx)]) * b[bottom(n, channel, iy, ix)];
            if (op == kConvBackwardData) c[bottom(n, channel, iy, ix)] += Real(a[weightAt(d, o, k, ky, kx)]) * b[top(n, o, oy, ox)];
            if (op == kConvBackwardWeights) c[weightAt(d, o, k, ky, kx)] += Real(a[top(n, o, oy, ox)]) * b[bottom(n, channel, iy, ix)];
        });
    if (!(d.flags & kBias)) return;
    for (uint32_t n = 0; n < d.batch; ++n)
        for (uint32_t o = 0; o < d.outputs; ++o)
            for (uint32_t y = 0; y < d.outHeight; ++y)
                for (uint32_t x = 0; x < d.outWidth; ++x) {
                    if (op == kConvForward) c[top(n, o, y, x)] += biasIn[o];
                    if (op == kConvBackwardWeights) bias[o] += a[top(n, o, y, x)];
                }
}

} // namespace crema::reference
