// Convolution on row-major images as matrix products with the im2col matrix, which is packed straight from the image.
// Groups, dilation, any number of axes. The deconvolution layer calls the same functions with input and output exchanged.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../reduce.hpp"
#include "columns.hpp"
#include "gemm.hpp"

using namespace crema;

namespace {

// Columns [j, j + n) of the column matrix (output positions), rows [k, k + depth), into panels of B.
void packColumns(const Convolution &g, const float *image, int64_t j, int64_t n, int64_t k, int64_t depth, float *to) {
    thread_local std::vector<float> row;
    row.assign(static_cast<size_t>(roundUp(n, kColumns)), 0.0f);
    for (int64_t i = 0; i < depth; i++) {
        columnRow(g, image + (k + i) / g.kernelSize * g.inSize, (k + i) % g.kernelSize, j, j + n, row.data());
        for (int64_t c = 0; c < n; c += kColumns)
            std::copy(row.data() + c, row.data() + c + kColumns, to + (c * depth) + i * kColumns);
    }
}

// The transposed matrix: its columns are taps [j, j + n), its rows output positions [k, k + depth).
void packTransposed(const Convolution &g, const float *image, int64_t j, int64_t n, int64_t k, int64_t depth, float *to) {
    thread_local std::vector<float> taps;
    taps.resize(static_cast<size_t>(kColumns * kDepth));
    for (int64_t c = 0; c < n; c += kColumns, to += kColumns * depth) {
        const int64_t count = std::min(kColumns, n - c);
        for (int64_t i = 0; i < count; i++) {
            const int64_t tap = j + c + i;
            columnRow(g, image + tap / g.kernelSize * g.inSize, tap % g.kernelSize, k, k + depth, taps.data() + i * depth);
        }
        packPanels<kColumns>(View{taps.data(), depth, 1}, 0, count, 0, depth, to);
    }
}

} // namespace

// y = W * x (+ bias); bias may be NULL.
CREMA_API void crema_convolution_forward(const float *x, const float *weights, const float *bias, float *y,
                                         const int64_t *geometry) {
    const Convolution g(geometry);
    const int64_t rows = g.outputs / g.group, depth = g.depth();
    const int64_t width = stripWidth(g.outSize), strips = g.outSize == 0 ? 0 : (g.outSize + width - 1) / width;
    parallelFor(g.batch * g.group * strips, 1, [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; item++) {
            const int64_t j = item % strips * width, part = item / strips, group = part % g.group, image = part / g.group;
            const int64_t n = std::min(width, g.outSize - j);
            const float *in = x + (image * g.channels + group * (g.channels / g.group)) * g.inSize;
            const View w{weights + group * rows * depth, depth, 1};
            stripProduct(
                rows, n, depth,
                [&](int64_t row, int64_t count, int64_t k, int64_t deep, float *to) {
                    packPanels<kRows>(w, row, count, k, deep, to);
                },
                [&](int64_t k, int64_t deep, float *to) { packColumns(g, in, j, n, k, deep, to); },
                y + (image * g.outputs + group * rows) * g.outSize + j, g.outSize, bias ? Start::bias : Start::zero,
                bias ? bias + group * rows : nullptr);
        }
    });
}

// dx = the transpose of W applied to dy. Pieces of channels are apart in dx, so each belongs to one thread.
CREMA_API void crema_convolution_backward_data(const float *dy, const float *weights, float *dx, const int64_t *geometry) {
    const Convolution g(geometry);
    const int64_t perGroup = g.channels / g.group, outputs = g.outputs / g.group, depth = g.depth();
    const int64_t piece = std::max<int64_t>(1, std::min(perGroup, 192 / g.kernelSize));
    const int64_t width = stripWidth(g.outSize);
    const int64_t pieces = perGroup == 0 ? 0 : (perGroup + piece - 1) / piece;
    parallelFor(g.batch * g.group * pieces, 1, [&](int64_t begin, int64_t end) {
        std::vector<float> columns(static_cast<size_t>(piece * g.kernelSize * kStrip));
        for (int64_t item = begin; item < end; item++) {
            const int64_t first = item % pieces * piece, part = item / pieces, group = part % g.group, image = part / g.group;
            const int64_t rows = std::min(piece, perGroup - first) * g.kernelSize;
            float *out = dx + (image * g.channels + group * perGroup + first) * g.inSize;
            std::fill(out, out + rows / g.kernelSize * g.inSize, 0.0f);
            const View w{weights + group * outputs * depth + first * g.kernelSize, 1, depth};
            const float *gradient = dy + (image * g.outputs + group * outputs) * g.outSize;
            for (int64_t j = 0; j < g.outSize; j += width) {
                const int64_t n = std::min(width, g.outSize - j);
                const View b{gradient + j, 1, g.outSize};
                stripProduct(
                    rows, n, outputs,
                    [&](int64_t row, int64_t count, int64_t k, int64_t deep, float *to) {
                        packPanels<kRows>(w, row, count, k, deep, to);
                    },
                    [&](int64_t k, int64_t deep, float *to) { packPanels<kColumns>(b, 0, n, k, deep, to); }, columns.data(),
                    kStrip, Start::zero, nullptr);
                for (int64_t row = 0; row < rows; row++)
                    addColumnRow(g, columns.data() + row * kStrip, row % g.kernelSize, j, j + n,
                                 out + row / g.kernelSize * g.inSize);
            }
        }
    });
}

// dW += the sum over images of dy · columns^T. Where the matrix is too small to share out, images go in eight fixed shares
// whose sums are added in order: the shape decides that, never the threads.
CREMA_API void crema_convolution_backward_weights(const float *x, const float *dy, float *dw, const int64_t *geometry) {
    const Convolution g(geometry);
    const int64_t rows = g.outputs / g.group, depth = g.depth(), size = g.outputs * depth;
    if (size == 0 || g.outSize == 0) return;
    const int64_t width = stripWidth(depth), strips = (depth + width - 1) / width;
    const int64_t shares = g.group * strips >= 8 ? 1 : std::min<int64_t>(8, g.batch);
    std::vector<float> parts(shares > 1 ? static_cast<size_t>(shares * size) : 0);
    parallelFor(g.group * strips * shares, 1, [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; item++) {
            const int64_t share = item % shares, part = item / shares, j = part % strips * width, group = part / strips;
            const int64_t n = std::min(width, depth - j);
            float *out = (shares > 1 ? parts.data() + share * size : dw) + group * rows * depth + j;
            for (int64_t image = g.batch * share / shares; image < g.batch * (share + 1) / shares; image++) {
                const float *in = x + (image * g.channels + group * (g.channels / g.group)) * g.inSize;
                const View a{dy + (image * g.outputs + group * rows) * g.outSize, g.outSize, 1};
                stripProduct(
                    rows, n, g.outSize,
                    [&](int64_t row, int64_t count, int64_t k, int64_t deep, float *to) {
                        packPanels<kRows>(a, row, count, k, deep, to);
                    },
                    [&](int64_t k, int64_t deep, float *to) { packTransposed(g, in, j, n, k, deep, to); }, out, depth,
                    Start::memory, nullptr);
            }
        }
    });
    if (shares > 1)
        parallelFor(size, 4096, [&](int64_t begin, int64_t end) {
            for (int64_t share = 0; share < shares; share++)
                for (int64_t i = begin; i < end; i++) dw[i] += parts[static_cast<size_t>(share * size + i)];
        });
}

// The im2col matrix itself: y [batch][channels * kernelSize][out...], and its transpose.
CREMA_API void crema_im2col(const float *x, float *y, const int64_t *geometry) {
    const Convolution g(geometry);
    parallelFor(g.batch * g.channels * g.kernelSize, 16, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++)
            columnRow(g, x + row / g.kernelSize * g.inSize, row % g.kernelSize, 0, g.outSize, y + row * g.outSize);
    });
}

CREMA_API void crema_col2im(const float *dy, float *dx, const int64_t *geometry) {
    const Convolution g(geometry);
    parallelFor(g.batch * g.channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++) {
            std::fill(dx + c * g.inSize, dx + (c + 1) * g.inSize, 0.0f);
            for (int64_t tap = 0; tap < g.kernelSize; tap++)
                addColumnRow(g, dy + (c * g.kernelSize + tap) * g.outSize, tap, 0, g.outSize, dx + c * g.inSize);
        }
    });
}
