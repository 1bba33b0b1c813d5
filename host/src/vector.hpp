// Fixed-width vectors of floats for the lanes of batch-blocked blobs, and the choice of a template by the number of lanes.
#pragma once
#include <cstdint>
#include <type_traits>

// Vectors wider than the machine's registers are passed between inline functions only, so their calling convention is moot.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace crema {

// Floats in a register of this build.
#if defined(__AVX512F__)
constexpr int kWidth = 16;
#else
constexpr int kWidth = 8;
#endif

// W floats (or as wide integers); loads and stores need no more than float's alignment.
template <int W> struct Vector {
    typedef float F __attribute__((vector_size(W * 4), aligned(4), may_alias));
    typedef int32_t I __attribute__((vector_size(W * 4), aligned(4), may_alias));
};

template <int W> inline typename Vector<W>::F load(const float *p) {
    return *reinterpret_cast<const typename Vector<W>::F *>(p);
}
template <int W> inline typename Vector<W>::I load(const int32_t *p) {
    return *reinterpret_cast<const typename Vector<W>::I *>(p);
}
template <int W> inline void store(float *p, typename Vector<W>::F v) {
    *reinterpret_cast<typename Vector<W>::F *>(p) = v;
}
template <int W> inline void store(int32_t *p, typename Vector<W>::I v) {
    *reinterpret_cast<typename Vector<W>::I *>(p) = v;
}

// Calls body with the lanes as a compile-time constant: 1, 4, 8, 16 or 32 (the callers in TypeScript check that).
template <class Body> inline void withLanes(int64_t lanes, Body body) {
    switch (lanes) {
    case 4: body(std::integral_constant<int, 4>{}); break;
    case 8: body(std::integral_constant<int, 8>{}); break;
    case 16: body(std::integral_constant<int, 16>{}); break;
    case 32: body(std::integral_constant<int, 32>{}); break;
    default: body(std::integral_constant<int, 1>{});
    }
}

// Width of the vectors that cover L lanes.
template <int L> constexpr int widthOf() { return L < kWidth ? L : kWidth; }

} // namespace crema
