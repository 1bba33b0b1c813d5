// The kernel's top function: reads op descriptors and runs them in order. This one source is built by g++ for the emulated
// card and by v++ for a real one (hls/Makefile).
#include "image.hpp"
#include "inner.hpp"
#include "weights.hpp"

namespace crema {

namespace {

template <class T> T* at(T* base, uint32_t low, uint32_t high) { return base + (size_t(high) << 32 | low); }

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

} // namespace crema

/// Runs n_ops descriptors in order; a descriptor of another ABI is passed over (the host checks before the first launch).
extern "C" void crema_engine(const crema::word* a, const crema::word* b, crema::word* c, crema::word* bias, const crema::OpDescriptor* ops, uint32_t n_ops) {
#pragma HLS INTERFACE m_axi port=a offset=slave bundle=gmem_a max_widen_bitwidth=512 max_read_burst_length=64 num_read_outstanding=32
#pragma HLS INTERFACE m_axi port=b offset=slave bundle=gmem_b max_widen_bitwidth=512 max_read_burst_length=64 num_read_outstanding=32
#pragma HLS INTERFACE m_axi port=c offset=slave bundle=gmem_c max_widen_bitwidth=512 max_read_burst_length=64 max_write_burst_length=64 num_read_outstanding=16 num_write_outstanding=16
#pragma HLS INTERFACE m_axi port=bias offset=slave bundle=gmem_bias max_widen_bitwidth=512 max_read_burst_length=16
#pragma HLS INTERFACE m_axi port=ops offset=slave bundle=gmem_ops max_widen_bitwidth=512 max_read_burst_length=16
#pragma HLS INTERFACE s_axilite port=a
#pragma HLS INTERFACE s_axilite port=b
#pragma HLS INTERFACE s_axilite port=c
#pragma HLS INTERFACE s_axilite port=bias
#pragma HLS INTERFACE s_axilite port=ops
#pragma HLS INTERFACE s_axilite port=n_ops
#pragma HLS INTERFACE s_axilite port=return
    using namespace crema;
    using Element = float;
    for (uint32_t i = 0; i < n_ops; ++i) {
        const OpDescriptor& d = ops[i];
        if (d.magic != kMagic || d.abi != kAbiVersion || d.batch == 0 || d.elementBits != 8 * sizeof(Element)) continue;
        const auto* pa = at(reinterpret_cast<const Element*>(a), d.aOffsetLow, d.aOffsetHigh);
        const auto* pb = at(reinterpret_cast<const Element*>(b), d.bOffsetLow, d.bOffsetHigh);
        auto* pc = at(reinterpret_cast<Element*>(c), d.cOffsetLow, d.cOffsetHigh);
        auto* pbias = at(reinterpret_cast<Element*>(bias), d.biasOffsetLow, d.biasOffsetHigh);
        if (d.lanes == 16) runOp<Element, 16>(d, pa, pb, pc, pbias);
        else if (d.lanes == 8) runOp<Element, 8>(d, pa, pb, pc, pbias);
    }
}
