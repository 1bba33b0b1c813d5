// The kernel's top function: reads op descriptors and runs them in order. This one source is built by g++ for the emulated
// card and by v++ for a real one (hls/Makefile).
#include "run.hpp"

/// Runs n_ops descriptors in order; one of another ABI, or of elements this engine does not take, is passed over (the host checks before the first launch).
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
    const Ports ports{a, b, c, bias};
    for (uint32_t i = 0; i < n_ops; ++i) {
        const OpDescriptor& d = ops[i];
        if (d.magic != kMagic || d.abi != kAbiVersion || d.batch == 0) continue;
        if (CREMA_ELEMENTS & 1 && d.elementBits == 32) runFloat(d, ports);
        if (CREMA_ELEMENTS & 2 && d.elementBits == 8) runInt8(d, ports);
        if (CREMA_ELEMENTS & 4 && d.elementBits == 16) runInt16(d, ports);
    }
}
