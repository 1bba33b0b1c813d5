// Reduction: every row of `length` elements to one number, times a coefficient.
#include "../abi.hpp"
#include "../elementwise/map.hpp"
#include "ordered.hpp"

#include <cmath>

using namespace crema;

namespace {
// Caffe's numbers of ReductionOp; MEAN arrives as SUM with the coefficient divided by the length.
enum Operation : int32_t { Sum = 1, AbsoluteSum = 2, SquareSum = 3 };

template <class F> void reduceRows(int64_t rows, int64_t length, float coefficient, float *y, F f) {
    if (rows == 1) {
        y[0] = static_cast<float>(coefficient * orderedSum(length, f));
        return;
    }
    parallelFor(rows, std::max<int64_t>(1, SUM_CHUNK / std::max<int64_t>(1, length)), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++)
            y[r] = static_cast<float>(coefficient * rangeSum(r * length, (r + 1) * length, f));
    });
}
} // namespace

CREMA_API void crema_reduce_forward(int32_t operation, int64_t rows, int64_t length, float coefficient, const float *x,
                                    float *y) {
    if (operation == AbsoluteSum)
        reduceRows(rows, length, coefficient, y, [=](int64_t i) { return std::fabs(x[i]); });
    else if (operation == SquareSum)
        reduceRows(rows, length, coefficient, y, [=](int64_t i) { return static_cast<double>(x[i]) * x[i]; });
    else
        reduceRows(rows, length, coefficient, y, [=](int64_t i) { return x[i]; });
}

CREMA_API void crema_reduce_backward(int32_t operation, int64_t rows, int64_t length, float coefficient, const float *x,
                                     const float *dy, float *dx) {
    for (int64_t r = 0; r < rows; r++) {
        const float g = coefficient * dy[r];
        const float *from = x + r * length;
        float *to = dx + r * length;
        if (operation == AbsoluteSum)
            map(length, [=](int64_t i) { to[i] = g * (static_cast<float>(from[i] > 0) - static_cast<float>(from[i] < 0)); });
        else if (operation == SquareSum)
            map(length, [=](int64_t i) { to[i] = 2.0f * g * from[i]; });
        else
            map(length, [=](int64_t i) { to[i] = g; });
    }
}
