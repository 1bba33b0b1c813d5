// Sums along contiguous runs, with the padding lanes of blocked blobs left out. The order of additions is fixed:
// 32 running float sums by position (a multiple of every lane count), emptied into doubles every 4096 elements.
#pragma once
#include <algorithm>
#include <cstdint>

namespace crema {

constexpr int64_t kSlots = 32;

// Adds term(i), i in [0, count), into `slots[i mod 32]`.
template <class Term> inline void sumSlots(int64_t count, double *slots, Term term) {
    constexpr int64_t kFlush = 4096;
    for (int64_t start = 0; start < count; start += kFlush) {
        const int64_t end = std::min(count, start + kFlush);
        float part[kSlots] = {};
        int64_t i = start;
        for (; i + kSlots <= end; i += kSlots)
            for (int64_t s = 0; s < kSlots; s++) part[s] += term(i + s);
        for (int64_t s = 0; i + s < end; s++) part[s] += term(i + s);
        for (int64_t s = 0; s < kSlots; s++) slots[s] += static_cast<double>(part[s]);
    }
}

// The sum of term(i) over a run in which element i belongs to lane i mod `lanes`; only lanes below `valid` count.
template <class Term> inline double sumRun(int64_t count, int64_t lanes, int64_t valid, Term term) {
    double slots[kSlots] = {};
    sumSlots(count, slots, term);
    double total = 0;
    for (int64_t s = 0; s < kSlots; s++)
        if (s % lanes < valid) total += slots[s];
    return total;
}

struct Pair {
    double a, b;
};

// Two sums in one pass: term(i, a, b) writes both terms of element i.
template <class Term> inline Pair sumPair(int64_t count, int64_t lanes, int64_t valid, Term term) {
    constexpr int64_t kFlush = 4096;
    double first[kSlots] = {}, second[kSlots] = {};
    for (int64_t start = 0; start < count; start += kFlush) {
        const int64_t end = std::min(count, start + kFlush);
        float a[kSlots] = {}, b[kSlots] = {};
        const auto add = [&](int64_t i, int64_t s) {
            float x, y;
            term(i + s, x, y);
            a[s] += x;
            b[s] += y;
        };
        int64_t i = start;
        for (; i + kSlots <= end; i += kSlots)
            for (int64_t s = 0; s < kSlots; s++) add(i, s);
        for (int64_t s = 0; i + s < end; s++) add(i, s);
        for (int64_t s = 0; s < kSlots; s++) {
            first[s] += static_cast<double>(a[s]);
            second[s] += static_cast<double>(b[s]);
        }
    }
    Pair total{0, 0};
    for (int64_t s = 0; s < kSlots; s++)
        if (s % lanes < valid) {
            total.a += first[s];
            total.b += second[s];
        }
    return total;
}

// Images in lane block `block` of a batch.
inline int64_t validLanes(int64_t block, int64_t lanes, int64_t batch) { return std::min(lanes, batch - block * lanes); }

} // namespace crema
