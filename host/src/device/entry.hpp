// What JavaScript says of one OpenCL session: addresses of entry points and the queue, as 64-bit integers. No OpenCL library is linked;
// the caller hands over those of the one that it opened.
#pragma once
#include <cstddef>
#include <cstdint>

namespace crema {

template <class F> F entry(uint64_t address) { return reinterpret_cast<F>(static_cast<uintptr_t>(address)); }
inline void *handle(uint64_t value) { return reinterpret_cast<void *>(static_cast<uintptr_t>(value)); }

struct Session {
    uint64_t setKernelArg, enqueueTask, enqueueMigrate, enqueueMarker;
    uint64_t flush; // 0 where the runtime starts commands by itself
    uint64_t eventInfo, profilingInfo, releaseEvent;
    uint64_t queue;
};

/** What the runtime refused: its status (0: nothing), the position in the list, and of a launch the argument. */
struct Refusal {
    int32_t status, command, argument;
};

} // namespace crema
