// fp32 ops.
#include "image.hpp"
#include "inner.hpp"
#include "run.hpp"
#include "weights.hpp"

namespace crema {

namespace {

template <class T, unsigned Lanes> void runOp(const OpDescriptor& d, const T* a, const T* b, T* c, T* bias) {
    const bool transposed = d.flags & kTransposed;
    const T* rowBias = d.flags & kBias ? bias : nullptr;
    switch (d.op) {
    case kConvForward:
    case kConvBackwardData: return convolveImage<T, Lanes>(d, a, b, c, bias);
    case kConvBackwardWeights:
        if (!(d.flags & kNoWeights)) correlateWeights<T, Lanes>(d, a, b, c);
        if (d.flags & kBias) sumBias<T, Lanes>(d, a, bias);
        return;
    case kInnerForward: return multiplyInner<T, Lanes>({d, a, b, c, rowBias, transposed, d.outputs, d.channels});
    case kInnerBackwardData: return multiplyInner<T, Lanes>({d, a, b, c, nullptr, !transposed, d.channels, d.outputs});
    case kInnerBackwardWeights:
        if (!(d.flags & kNoWeights)) {
            if (transposed) multiplyOuter<T, Lanes>({d, b, a, c, d.channels, d.outputs, 0, d.channels, d.rowBegin, d.rowEnd});
            else multiplyOuter<T, Lanes>({d, a, b, c, d.outputs, d.channels, d.rowBegin, d.rowEnd, 0, d.channels});
        }
        if (d.flags & kBias) sumBias<T, Lanes>(d, a, bias);
        return;
    default: return;
    }
}

} // namespace

void runFloat(const OpDescriptor& d, const Ports& ports) {
    const auto* a = at(reinterpret_cast<const float*>(ports.a), d.aOffsetLow, d.aOffsetHigh);
    const auto* b = at(reinterpret_cast<const float*>(ports.b), d.bOffsetLow, d.bOffsetHigh);
    auto* c = at(reinterpret_cast<float*>(ports.c), d.cOffsetLow, d.cOffsetHigh);
    auto* bias = at(reinterpret_cast<float*>(ports.bias), d.biasOffsetLow, d.biasOffsetHigh);
    if (d.lanes == 16) runOp<float, 16>(d, a, b, c, bias);
    else if (d.lanes == 8) runOp<float, 8>(d, a, b, c, bias);
}

} // namespace crema
