// The one place with machine instructions: dot products of two 16-bit or four 8-bit factors per 32-bit lane, each with a portable twin
// that gives the same integers, and the few lane-wise operations that vectors of hls have under other names.
// The vpdp* instructions (AVX-512 VNNI) have run on an emulated CPU only (cpu-check/), those of AVX-VNNI not at all: CREMA_QUADS=1 on any
// machine tests the data path of quads with the twin of the instruction.
#pragma once
#include "types.hpp"

// 1: int8 operands travel as quads (four k to a lane), 0: widened, as pairs.
#ifndef CREMA_QUADS
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
#define CREMA_QUADS 1
#else
#define CREMA_QUADS 0
#endif
#endif

namespace crema {

/// Half of a factor of two: memory of int32 factors is filled through it.
using Half __attribute__((may_alias)) = int16_t;

template <unsigned W> using Sums = Vector<int32_t, W>;

/// Vectors of the same bits under another type.
template <class To, class From> inline To as(const From& from) {
#ifdef __SYNTHESIS__
    To to;
    for (unsigned i = 0; i < To::size(); ++i)
#pragma HLS UNROLL
        to[i] = from[i];
    return to;
#else
    return (To)from;
#endif
}

template <class V> inline V larger(const V& a, const V& b) {
#ifdef __SYNTHESIS__
    V to;
    for (unsigned i = 0; i < V::size(); ++i)
#pragma HLS UNROLL
        to[i] = most(a[i], b[i]);
    return to;
#else
    return a > b ? a : b;
#endif
}

template <class V> inline V smaller(const V& a, const V& b) {
#ifdef __SYNTHESIS__
    V to;
    for (unsigned i = 0; i < V::size(); ++i)
#pragma HLS UNROLL
        to[i] = least(a[i], b[i]);
    return to;
#else
    return a < b ? a : b;
#endif
}

/// -1 where a and b are equal, else 0.
template <class V> inline V equal(const V& a, const V& b) {
#ifdef __SYNTHESIS__
    V to;
    for (unsigned i = 0; i < V::size(); ++i)
#pragma HLS UNROLL
        to[i] = a[i] == b[i] ? -1 : 0;
    return to;
#else
    return V(a == b);
#endif
}

/// Each lane converted to the element type of To.
template <class To, class From> inline To converted(const From& from) {
#ifdef __SYNTHESIS__
    return as<To>(from);
#else
    return __builtin_convertvector(from, To);
#endif
}

#if defined(__SSE2__)
using Words4 __attribute__((vector_size(16))) = int16_t;
using Ints4 __attribute__((vector_size(16))) = int32_t;
#endif
#if defined(__AVX2__)
using Words8 __attribute__((vector_size(32))) = int16_t;
using Ints8 __attribute__((vector_size(32))) = int32_t;
#endif
#if defined(__AVX512F__)
using Ints16 __attribute__((vector_size(64))) = int32_t;
#endif

#if defined(__AVX2__)
/// Four or eight int32 in the range of T, as T.
template <class T> inline Vector<T, 4> narrowFour(const Ints4& v) {
    const Words4 words = (Words4)__builtin_ia32_packssdw128(v, v);
    if constexpr (sizeof(T) == 2) return (Vector<T, 4>)__builtin_shufflevector(words, words, 0, 1, 2, 3);
    else {
        const auto bytes = __builtin_ia32_packsswb128(words, words);
        return (Vector<T, 4>)__builtin_shufflevector(bytes, bytes, 0, 1, 2, 3);
    }
}
template <class T> inline Vector<T, 8> narrowEight(const Ints8& v) {
    const Words4 words = (Words4)__builtin_ia32_packssdw128(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7));
    if constexpr (sizeof(T) == 2) return (Vector<T, 8>)words;
    else {
        const auto bytes = __builtin_ia32_packsswb128(words, words);
        return (Vector<T, 8>)__builtin_shufflevector(bytes, bytes, 0, 1, 2, 3, 4, 5, 6, 7);
    }
}
#endif

/// Lanes that are within the range of T, as T.
template <class T, unsigned W, class V> inline Vector<T, W> narrowed(const V& v) {
#if defined(__AVX2__) && !defined(__SYNTHESIS__)
    if constexpr (sizeof(V) == 32 && W == 8) return narrowEight<T>((Ints8)v);
    if constexpr (sizeof(V) == 32 && W == 4) return narrowFour<T>(__builtin_shufflevector((Ints8)v, (Ints8)v, 0, 2, 4, 6));
#endif
    return converted<Vector<T, W>>(v);
}

/// N vectors of lanes that are within the range of T, one after the other.
template <class T, unsigned W, unsigned N, class V> inline void storeNarrowed(T* to, const V (&v)[N]) {
#if defined(__AVX2__) && !defined(__SYNTHESIS__)
    if constexpr (sizeof(V) == 32 && W == 8 && N == 4) {
        const Words8 first = (Words8)__builtin_ia32_packssdw256((Ints8)v[0], (Ints8)v[1]), second = (Words8)__builtin_ia32_packssdw256((Ints8)v[2], (Ints8)v[3]);
        Ints8 out[sizeof(T)];
        if constexpr (sizeof(T) == 1) {
            const Ints8 bytes = (Ints8)__builtin_ia32_packsswb256(first, second);
            out[0] = __builtin_shufflevector(bytes, bytes, 0, 4, 1, 5, 2, 6, 3, 7);
        } else {
            out[0] = __builtin_shufflevector((Ints8)first, (Ints8)first, 0, 1, 4, 5, 2, 3, 6, 7);
            out[1] = __builtin_shufflevector((Ints8)second, (Ints8)second, 0, 1, 4, 5, 2, 3, 6, 7);
        }
        for (unsigned i = 0; i < sizeof(T); ++i) store(to + i * 32 / sizeof(T), as<Vector<T, 32 / sizeof(T)>>(out[i]));
        return;
    }
#endif
    for (unsigned j = 0; j < N; ++j) store(to + j * W, narrowed<T, W>(v[j]));
}

/// acc + a.low * b.low + a.high * b.high per lane; the halves are signed 16-bit numbers.
template <unsigned W> inline Sums<W> dotPairs(const Sums<W>& acc, const Sums<W>& a, const Sums<W>& b) {
#if defined(__AVX512VNNI__)
    if constexpr (W == 16) return (Sums<W>)__builtin_ia32_vpdpwssd_v16si((Ints16)acc, (Ints16)a, (Ints16)b);
#endif
#if (defined(__AVX512VNNI__) && defined(__AVX512VL__)) || defined(__AVXVNNI__)
    if constexpr (W == 8) return (Sums<W>)__builtin_ia32_vpdpwssd_v8si((Ints8)acc, (Ints8)a, (Ints8)b);
#elif defined(__AVX2__)
    if constexpr (W == 8) return acc + (Sums<W>)__builtin_ia32_pmaddwd256((Words8)a, (Words8)b);
#endif
#if defined(__SSE2__)
    if constexpr (W == 4) return acc + (Sums<W>)__builtin_ia32_pmaddwd128((Words4)a, (Words4)b);
#endif
    return acc + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
}

/// acc + sum of four products per lane; bytes of a are signed, bytes of b unsigned.
template <unsigned W> inline Sums<W> dotQuads(const Sums<W>& acc, const Sums<W>& a, const Sums<W>& b) {
#if defined(__AVX512VNNI__)
    if constexpr (W == 16) return (Sums<W>)__builtin_ia32_vpdpbusd_v16si((Ints16)acc, (Ints16)b, (Ints16)a);
#endif
#if (defined(__AVX512VNNI__) && defined(__AVX512VL__)) || defined(__AVXVNNI__)
    if constexpr (W == 8) return (Sums<W>)__builtin_ia32_vpdpbusd_v8si((Ints8)acc, (Ints8)b, (Ints8)a);
#endif
    return acc + (a << 24 >> 24) * (b & 255) + (a << 16 >> 24) * (b >> 8 & 255) + (a << 8 >> 24) * (b >> 16 & 255) + (a >> 24) * (b >> 24 & 255);
}

template <bool Quads, unsigned W> inline Sums<W> dot(const Sums<W>& acc, const Sums<W>& a, const Sums<W>& b) {
    if constexpr (Quads) return dotQuads<W>(acc, a, b);
    else return dotPairs<W>(acc, a, b);
}

} // namespace crema
