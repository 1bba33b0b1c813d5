// OpenCL entry points and handles come from JavaScript as 64-bit integers.
#pragma once
#include <cstdint>

namespace crema {

template <class F> F entry(uint64_t address) { return reinterpret_cast<F>(static_cast<uintptr_t>(address)); }
inline void *handle(uint64_t value) { return reinterpret_cast<void *>(static_cast<uintptr_t>(value)); }

} // namespace crema
