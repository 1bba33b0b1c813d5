// Word and vector types and the one multiply-accumulate of the arithmetic contract. Under Vitis a word is hls::vector; under
// g++ it is a GCC vector of the same 512 bits, so the synthesisable loops auto-vectorise.
#pragma once
#include <cstdint>

#ifdef __SYNTHESIS__
#include <hls_vector.h>
#define CREMA_INLINE inline
#else
#define CREMA_INLINE inline __attribute__((always_inline))
#endif

// Arithmetic of this build: 1 = one rounding per multiply-add (config f32), 0 = product and sum each rounded (f32-strict).
#ifndef CREMA_FUSED
#define CREMA_FUSED 1
#endif

namespace crema {

constexpr uint32_t kWordBits = 512;

template <class T> struct WordOf {
#ifdef __SYNTHESIS__
    using type = hls::vector<T, kWordBits / 8 / sizeof(T)>;
#else
    using type __attribute__((vector_size(kWordBits / 8), aligned(sizeof(T)), may_alias)) = T;
#endif
};
using word = WordOf<float>::type;

} // namespace crema
