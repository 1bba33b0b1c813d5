// The element types an engine is made of. Each is compiled once (float.cpp, int8.cpp, int16.cpp) and linked into every engine
// that takes it; CREMA_ELEMENTS says which (1: fp32, 2: int8, 4: int16).
#pragma once
#include "descriptor.hpp"
#include "types.hpp"

#ifndef CREMA_ELEMENTS
#define CREMA_ELEMENTS 7
#endif

namespace crema {

/// The kernel's ports, and one op on them.
struct Ports {
    const word* a;
    const word* b;
    word* c;
    word* bias;
};

void runFloat(const OpDescriptor& d, const Ports& ports);
void runInt8(const OpDescriptor& d, const Ports& ports);
void runInt16(const OpDescriptor& d, const Ports& ports);

template <class T> T* at(T* base, uint32_t low, uint32_t high) { return base + (size_t(high) << 32 | low); }

} // namespace crema
