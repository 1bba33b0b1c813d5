// Row-major planes side by side: eight at a time become the lanes of a block, so that one code pools every layout.
#pragma once
#include "../parallel.hpp"
#include "../transpose.hpp"
#include "window.hpp"

#include <vector>

namespace crema {

constexpr int64_t kSide = 8;

// out[i][lane] = planes[lane][i]; lanes from `count` on become zero. Moves bits: int32 may pass as float.
inline void interleave(const float *planes, int64_t count, int64_t size, float *out) {
    const int64_t whole = size / 8 * 8;
    for (int64_t i = 0; i < whole; i += 8) {
        Vector<8>::F block[8];
        transpose8(planes + i, size, count, block);
        for (int64_t k = 0; k < 8; k++) store<8>(out + (i + k) * kSide, block[k]);
    }
    for (int64_t i = whole; i < size; i++)
        for (int64_t lane = 0; lane < kSide; lane++) out[i * kSide + lane] = lane < count ? planes[lane * size + i] : 0;
}

// planes[lane][i] = in[i][lane] for lanes below `count`.
template <class T> inline void separate(const T *in, int64_t count, int64_t size, T *planes) {
    const int64_t whole = size / 8 * 8;
    const float *from = reinterpret_cast<const float *>(in);
    float *to = reinterpret_cast<float *>(planes);
    for (int64_t i = 0; i < whole; i += 8) {
        Vector<8>::F block[8];
        transpose8(from + i * kSide, kSide, 8, block);
        for (int64_t lane = 0; lane < count; lane++) store<8>(to + lane * size + i, block[lane]);
    }
    for (int64_t i = whole; i < size; i++)
        for (int64_t lane = 0; lane < count; lane++) planes[lane * size + i] = in[i * kSide + lane];
}

// A thread's memory for interleaved planes.
template <int Slot, class T> T *planeMemory(int64_t count) {
    thread_local std::vector<T> memory;
    if (static_cast<int64_t>(memory.size()) < count) memory.resize(static_cast<size_t>(count));
    return memory.data();
}

// Calls blocked(lanes, plane) for every plane of a blocked blob, or rows(first plane, how many) for groups of row-major ones.
template <class Rows, class Blocked> void overPlanes(const Pool &p, Rows rows, Blocked blocked) {
    if (p.lanes == 1) {
        parallelFor((p.planes + kSide - 1) / kSide, 1 + 1024 / (p.inPlane() + 1), [&](int64_t begin, int64_t end) {
            for (int64_t group = begin; group < end; group++)
                rows(group * kSide, std::min(kSide, p.planes - group * kSide));
        });
        return;
    }
    parallelFor(p.planes, planeGrain(p), [&](int64_t begin, int64_t end) {
        withLanes(p.lanes, [&](auto lanes) {
            if constexpr (decltype(lanes)::value > 1)
                for (int64_t plane = begin; plane < end; plane++) blocked(lanes, plane);
        });
    });
}

} // namespace crema
