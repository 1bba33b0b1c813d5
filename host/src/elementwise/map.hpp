// Loops over independent elements. Input and output may be the same memory (layers in place), never shifted against each other.
#pragma once
#include "../parallel.hpp"

namespace crema {

template <class F> void map(int64_t count, F f) {
    parallelFor(count, 1 << 15, [&](int64_t begin, int64_t end) {
        F g = f;
#pragma GCC ivdep
        for (int64_t i = begin; i < end; i++) g(i);
    });
}

} // namespace crema
