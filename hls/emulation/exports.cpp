// What the emulated card looks for in an xclbin's BITSTREAM section: a call by argument addresses, a thread count, a manifest.
#include "../engine/descriptor.hpp"
#include "../engine/types.hpp"
#include "pool.hpp"

extern "C" {
void crema_engine(const crema::word* a, const crema::word* b, crema::word* c, crema::word* bias, const crema::OpDescriptor* ops, uint32_t n_ops);

#define CREMA_EXPORT __attribute__((visibility("default")))

/// args[i] is the address of argument i's value; buffers are addresses of this process.
CREMA_EXPORT void crema_sim_call_crema_engine(void** args) {
    const crema::DenormalsFlushed mode;
    crema_engine(*static_cast<const crema::word**>(args[0]), *static_cast<const crema::word**>(args[1]), *static_cast<crema::word**>(args[2]),
                 *static_cast<crema::word**>(args[3]), *static_cast<const crema::OpDescriptor**>(args[4]), *static_cast<uint32_t*>(args[5]));
}

/// Threads that share the tiles of one launch. Results do not depend on it.
CREMA_EXPORT void crema_sim_set_threads(int threads) { crema::setThreads(threads); }

/// JSON: ABI version, config, arithmetic and kernels of this build.
CREMA_EXPORT const char* crema_sim_manifest() {
    return "{\"abi\":1,\"config\":\"" CREMA_CONFIG "\",\"arithmetic\":\"" CREMA_ARITHMETIC "\",\"elementBits\":[" CREMA_BITS "],\"kernels\":[\"crema_engine\"]}";
}
}
