// Per-thread scratch memories of the emulated engine, 64-byte aligned, grown on demand and kept.
#pragma once
#include <cstddef>

namespace crema {

constexpr unsigned kScratchSlots = 16;

void* scratchBytes(unsigned slot, size_t bytes);

} // namespace crema
