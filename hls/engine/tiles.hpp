// Independent tiles and scratch memory. On the card a tile loop is a plain loop (or compute units side by side) and scratch is
// on-chip memory of fixed size; the emulator hands tiles to threads and grows scratch per thread.
#pragma once
#include "types.hpp"
#ifndef __SYNTHESIS__
#include "../emulation/pool.hpp"
#include "../emulation/scratch.hpp"
#endif

namespace crema {

/// Elements of one scratch memory on the card; ops are cut by rows to fit (emulation: by nothing).
#ifdef __SYNTHESIS__
constexpr size_t kScratchElements = 1 << 16;
constexpr uint32_t threadCount() { return 1; }
#else
constexpr size_t kScratchElements = size_t(1) << 26;
inline uint32_t threadCount() { return uint32_t(threads()); }
#endif

/// body(tile) for every tile in [0, count); tiles write disjoint results, so their order does not matter.
template <class Body> inline void parallelTiles(uint32_t count, const Body& body) {
#ifdef __SYNTHESIS__
    for (uint32_t tile = 0; tile < count; ++tile) body(tile);
#else
    runTiles(
        count, [](void* context, uint32_t tile) { (*static_cast<const Body*>(context))(tile); }, const_cast<Body*>(&body));
#endif
}

/// Memory `Slot` of this thread with room for `count` elements; it keeps its content until the slot is asked for again.
template <class T, unsigned Slot> inline T* scratch(size_t count) {
#ifdef __SYNTHESIS__
    static T memory[kScratchElements];
    (void)count;
    return memory;
#else
    return static_cast<T*>(scratchBytes(Slot, count * sizeof(T)));
#endif
}

} // namespace crema
