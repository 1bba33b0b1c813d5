// Threads of the emulator. Only independent tiles are shared among them, so results never depend on their number.
#pragma once
#include <cstdint>

namespace crema {

/// Sets the size of the pool; values below 1 mean 1.
void setThreads(int threads);
int threads();

/// Runs body(context, tile) for tile = 0..count-1 on the pool and returns when all are done.
void runTiles(uint32_t count, void (*body)(void* context, uint32_t tile), void* context);

/// Denormals are zero in the contract (a DSP flushes them). Sets FTZ and DAZ, restores the caller's mode at the end.
class DenormalsFlushed {
public:
    DenormalsFlushed();
    ~DenormalsFlushed();
    DenormalsFlushed(const DenormalsFlushed&) = delete;
    DenormalsFlushed& operator=(const DenormalsFlushed&) = delete;

private:
    uint64_t saved_;
};

} // namespace crema
