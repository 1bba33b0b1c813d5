#include "gemm.hpp"
#include "../abi.hpp"
#include "../parallel.hpp"

namespace crema {

void product(int64_t rows, int64_t columns, int64_t depth, const View &a, const View &b, float *c, int64_t stride,
             Start start, const float *bias) {
    if (rows == 0 || columns == 0) return;
    // Few columns: more, shorter pieces of rows, so that several threads have work.
    const int64_t width = stripWidth(columns), strips = (columns + width - 1) / width;
    const int64_t pieceRows = strips >= 8 ? rows : std::max(roundUp((rows + 7) / 8, kRows), kBlockRows);
    const int64_t pieces = (rows + pieceRows - 1) / pieceRows;
    parallelFor(strips * pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; item++) {
            const int64_t j = item / pieces * width, i = item % pieces * pieceRows;
            const int64_t n = std::min(width, columns - j), m = std::min(pieceRows, rows - i);
            stripProduct(
                m, n, depth,
                [&](int64_t row, int64_t count, int64_t k, int64_t part, float *to) {
                    packPanels<kRows>(a, i + row, count, k, part, to);
                },
                [&](int64_t k, int64_t part, float *to) { packPanels<kColumns>(b, j, n, k, part, to); },
                c + i * stride + j, stride, start, bias ? bias + i : nullptr);
        }
    });
}

} // namespace crema

using namespace crema;

// y[batch x outputs] = x[batch x inputs] · W (+ bias). Weights are [outputs][inputs], or [inputs][outputs] if `transpose`.
// bias may be NULL.
CREMA_API void crema_inner_product_forward(const float *x, const float *weights, const float *bias, float *y, int64_t batch,
                                           int64_t inputs, int64_t outputs, int32_t transpose) {
    const View w = transpose ? View{weights, 1, outputs} : View{weights, inputs, 1};
    if (bias)
        for (int64_t n = 0; n < batch; n++) std::copy(bias, bias + outputs, y + n * outputs);
    product(batch, outputs, inputs, View{x, inputs, 1}, w, y, outputs, bias ? Start::memory : Start::zero, nullptr);
}

// dx[batch x inputs] = dy[batch x outputs] · W^T.
CREMA_API void crema_inner_product_backward_data(const float *dy, const float *weights, float *dx, int64_t batch,
                                                 int64_t inputs, int64_t outputs, int32_t transpose) {
    const View w = transpose ? View{weights, outputs, 1} : View{weights, 1, inputs};
    product(batch, inputs, outputs, View{dy, outputs, 1}, w, dx, inputs, Start::zero, nullptr);
}

// dW += dy^T · x, or x^T · dy if `transpose`.
CREMA_API void crema_inner_product_backward_weights(const float *x, const float *dy, float *dw, int64_t batch, int64_t inputs,
                                                    int64_t outputs, int32_t transpose) {
    const View in{x, 1, inputs}, out{dy, 1, outputs};
    if (transpose)
        product(inputs, outputs, batch, in, out, dw, outputs, Start::memory, nullptr);
    else
        product(outputs, inputs, batch, out, in, dw, inputs, Start::memory, nullptr);
}
