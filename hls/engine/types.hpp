// Words, vectors and the one multiply-accumulate of the arithmetic contract. Under Vitis a vector is hls::vector; under g++
// it is a GCC vector, so the same loops fill the registers of the machine that emulates the card.
#pragma once
#include <cstddef>
#include <cstdint>

#ifdef __SYNTHESIS__
#include <hls_vector.h>
#define CREMA_NOINLINE
#else
#define CREMA_NOINLINE __attribute__((noinline))
#endif

// 1 = one rounding per multiply-add (config f32), 0 = product and sum each rounded (f32-strict).
#ifndef CREMA_FUSED
#define CREMA_FUSED 1
#endif
#if CREMA_FUSED && !defined(__SYNTHESIS__) && !defined(__FMA__) && !defined(__aarch64__)
#error "config f32 promises fused multiply-adds: build for a CPU that has them (ARCH=x86-64-v3), or CONFIGS=f32-strict"
#endif

// Lanes of the batch an engine takes, 8 + 16 for both: a build for tests takes 16.
#ifndef CREMA_LANES
#define CREMA_LANES 24
#endif

// Micro-tile of the emulator: how many accumulator registers there are and how wide. The card's array is a matter of the
// manifest; results depend on neither, because each sum keeps its own order.
#ifndef MT_BYTES
#if defined(__AVX512F__)
#define MT_BYTES 64
#elif defined(__AVX__) || defined(__SYNTHESIS__)
#define MT_BYTES 32
#else
#define MT_BYTES 16
#endif
#endif
#ifndef MT_ACCUMULATORS
#if defined(__AVX512F__) || defined(__aarch64__)
#define MT_ACCUMULATORS 28
#else
#define MT_ACCUMULATORS 12
#endif
#endif
#ifndef MT_ROWS
#if defined(__AVX512F__)
#define MT_ROWS 14
#elif defined(__aarch64__)
#define MT_ROWS 7
#elif defined(__AVX__) || defined(__SYNTHESIS__)
#define MT_ROWS 6
#else
#define MT_ROWS 3
#endif
#endif

namespace crema {

constexpr uint32_t kWordBits = 512;

template <class T, unsigned Elements> struct VectorOf {
#ifdef __SYNTHESIS__
    using type = hls::vector<T, Elements>;
#else
    // Tensors align to their element only (offsets are free), and float loads must see vector stores: may_alias.
    using type __attribute__((vector_size(Elements * sizeof(T)), aligned(sizeof(T)), may_alias)) = T;
#endif
};
template <class T, unsigned Elements> using Vector = typename VectorOf<T, Elements>::type;

using word = Vector<float, kWordBits / 32>;

/// Elements of one vector register for words of `Lanes`: a block narrower than the register uses a narrower one.
template <class T, unsigned Lanes> constexpr unsigned kWidth = MT_BYTES / sizeof(T) < Lanes ? MT_BYTES / sizeof(T) : Lanes;

template <class V, class T> inline V load(const T* from) { return *reinterpret_cast<const V*>(from); }
template <class V, class T> inline void store(T* to, const V& value) { *reinterpret_cast<V*>(to) = value; }

/// acc + a * b; the compiler's contraction mode (hls/Makefile) makes it one rounding or two.
template <class V, class S> inline V mac(const V& acc, const S& a, const V& b) { return acc + a * b; }

/// The same value, loaded once: g++ would rather read it from memory at each use and run out of load ports.
template <class V> inline V inRegister(V value) {
#if defined(__AVX512F__)
    asm("" : "+v"(value));
#elif defined(__SSE2__)
    if constexpr (sizeof(V) <= MT_BYTES) asm("" : "+x"(value));
#elif defined(__aarch64__)
    asm("" : "+w"(value));
#endif
    return value;
}

/// A hint that a line will be read; nothing under synthesis, where bursts run ahead.
template <class T> inline void prefetch(const T* address) {
#ifndef __SYNTHESIS__
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

template <class T> constexpr T ceilDivide(T a, T b) { return (a + b - 1) / b; }
template <class T> constexpr T least(T a, T b) { return a < b ? a : b; }
template <class T> constexpr T most(T a, T b) { return a < b ? b : a; }

} // namespace crema
