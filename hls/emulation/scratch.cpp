#include "scratch.hpp"
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace crema {

namespace {

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

struct Slot {
    std::unique_ptr<void, Free> memory;
    size_t bytes = 0;
};

thread_local std::array<Slot, kScratchSlots> slots;

} // namespace

void* scratchBytes(unsigned slot, size_t bytes) {
    Slot& s = slots[slot];
    if (bytes > s.bytes) {
        s.bytes = (bytes + bytes / 4 + 4095) / 4096 * 4096;
        s.memory.reset(); // give back before asking: large panels should not exist twice
        s.memory.reset(std::aligned_alloc(4096, s.bytes));
        if (!s.memory) throw std::bad_alloc();
    }
    return s.memory.get();
}

} // namespace crema
