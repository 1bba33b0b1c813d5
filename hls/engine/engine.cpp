#include "../csim/reference.hpp"
#include "types.hpp"
using namespace crema;
extern "C" void crema_engine(const word* a, const word* b, word* c, word* bias, const OpDescriptor* ops, uint32_t n_ops) {
    for (uint32_t i = 0; i < n_ops; ++i) {
        const OpDescriptor& d = ops[i];
        if (d.magic != kMagic || d.abi != kAbiVersion) continue;
        const auto off = [](uint32_t l, uint32_t h) { return size_t(h) << 32 | l; };
        const float* A = (const float*)a + off(d.aOffsetLow, d.aOffsetHigh);
        const float* B = (const float*)b + off(d.bOffsetLow, d.bOffsetHigh);
        float* C = (float*)c + off(d.cOffsetLow, d.cOffsetHigh);
        float* D = (float*)bias + off(d.biasOffsetLow, d.biasOffsetHigh);
        const uint32_t op = d.op > 3 ? d.op - 3 : d.op;
        if (!(d.flags & kAccumulate)) {
            const size_t blocks = (d.batch + d.lanes - 1) / d.lanes;
            size_t n = op == 1   ? blocks * d.lanes * d.outputs * d.outHeight * d.outWidth
                       : op == 2 ? blocks * d.lanes * d.channels * d.height * d.width
                                 : size_t(d.outputs) * (d.channels / d.groups) * d.kernelH * d.kernelW;
            if (!(d.flags & kNoWeights)) for (size_t j = 0; j < n; ++j) C[j] = 0;
            if (op == 3 && (d.flags & kBias)) for (uint32_t j = 0; j < d.outputs; ++j) D[j] = 0;
        }
        reference::run<float>(d, A, B, C, D, D);
    }
}
