// Exact integer sums of a convolution's three passes and of the bias gradient, row-major: the host's twin of the fixed-point engine.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <vector>

namespace {

using crema::parallelFor;

// The order of orchestrator/math/quantise.ts: SHAPE.
struct Shape {
    int64_t batch, groups, channels, height, width, outputs, outHeight, outWidth;
    int64_t kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW;

    int64_t perGroup() const { return channels / groups; }
    int64_t outputsPerGroup() const { return outputs / groups; }
    int64_t pixels() const { return outHeight * outWidth; }
    int64_t plane() const { return height * width; }
    int64_t taps() const { return kernelH * kernelW; }
};

struct Range {
    int64_t begin, end;
};

// Output positions whose tap `k` lies inside an axis of `size`: o * stride - pad + k * dilation in [0, size).
Range inside(int64_t size, int64_t outputs, int64_t stride, int64_t pad, int64_t offset) {
    const int64_t first = pad - offset;
    const int64_t begin = first <= 0 ? 0 : (first + stride - 1) / stride;
    const int64_t last = size - 1 + pad - offset;
    return {begin, last < 0 ? 0 : std::min(outputs, last / stride + 1)};
}

// Calls row(outputOffset, inputOffset, count) for every output row of one tap: `count` pairs, inputs `strideW` apart.
template <class Row> void forRows(const Shape &s, int64_t ky, int64_t kx, Row row) {
    const Range ys = inside(s.height, s.outHeight, s.strideH, s.padH, ky * s.dilationH);
    const Range xs = inside(s.width, s.outWidth, s.strideW, s.padW, kx * s.dilationW);
    if (xs.begin >= xs.end) return;
    for (int64_t oy = ys.begin; oy < ys.end; oy++) {
        const int64_t y = oy * s.strideH - s.padH + ky * s.dilationH;
        const int64_t x = xs.begin * s.strideW - s.padW + kx * s.dilationW;
        row(oy * s.outWidth + xs.begin, y * s.width + x, xs.end - xs.begin);
    }
}

void forward(const Shape &s, const int16_t *w, const int16_t *x, double *out) {
    parallelFor(s.batch * s.outputs, 1, [&](int64_t begin, int64_t end) {
        std::vector<int64_t> sums(static_cast<size_t>(s.pixels()));
        for (int64_t i = begin; i < end; i++) {
            const int64_t n = i / s.outputs, o = i % s.outputs;
            std::fill(sums.begin(), sums.end(), 0);
            for (int64_t k = 0; k < s.perGroup() * s.taps(); k++) {
                const int64_t c = o / s.outputsPerGroup() * s.perGroup() + k / s.taps(), tap = k % s.taps();
                const int32_t weight = w[o * s.perGroup() * s.taps() + k];
                const int16_t *in = x + (n * s.channels + c) * s.plane();
                forRows(s, tap / s.kernelW, tap % s.kernelW, [&](int64_t to, int64_t from, int64_t count) {
                    for (int64_t j = 0; j < count; j++) sums[static_cast<size_t>(to + j)] += weight * in[from + j * s.strideW];
                });
            }
            std::copy(sums.begin(), sums.end(), out + i * s.pixels());
        }
    });
}

void backwardData(const Shape &s, const int16_t *w, const int16_t *dy, double *out) {
    parallelFor(s.batch * s.channels, 1, [&](int64_t begin, int64_t end) {
        std::vector<int64_t> sums(static_cast<size_t>(s.plane()));
        for (int64_t i = begin; i < end; i++) {
            const int64_t n = i / s.channels, c = i % s.channels, g = c / s.perGroup();
            std::fill(sums.begin(), sums.end(), 0);
            for (int64_t o = g * s.outputsPerGroup(); o < (g + 1) * s.outputsPerGroup(); o++)
                for (int64_t tap = 0; tap < s.taps(); tap++) {
                    const int32_t weight = w[(o * s.perGroup() + c % s.perGroup()) * s.taps() + tap];
                    const int16_t *gradient = dy + (n * s.outputs + o) * s.pixels();
                    forRows(s, tap / s.kernelW, tap % s.kernelW, [&](int64_t from, int64_t to, int64_t count) {
                        for (int64_t j = 0; j < count; j++) sums[static_cast<size_t>(to + j * s.strideW)] += weight * gradient[from + j];
                    });
                }
            std::copy(sums.begin(), sums.end(), out + i * s.plane());
        }
    });
}

void backwardWeights(const Shape &s, const int16_t *dy, const int16_t *x, double *out) {
    const int64_t row = s.perGroup() * s.taps();
    parallelFor(s.outputs * row, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            const int64_t o = i / row, tap = i % s.taps();
            const int64_t c = o / s.outputsPerGroup() * s.perGroup() + i % row / s.taps();
            int64_t sum = 0;
            for (int64_t n = 0; n < s.batch; n++) {
                const int16_t *gradient = dy + (n * s.outputs + o) * s.pixels(), *in = x + (n * s.channels + c) * s.plane();
                forRows(s, tap / s.kernelW, tap % s.kernelW, [&](int64_t from, int64_t at, int64_t count) {
                    for (int64_t j = 0; j < count; j++) sum += int32_t{gradient[from + j]} * in[at + j * s.strideW];
                });
            }
            out[i] = static_cast<double>(sum);
        }
    });
}

std::vector<int16_t> widened(const void *data, int32_t bits, int64_t count) {
    if (bits == 8) return {static_cast<const int8_t *>(data), static_cast<const int8_t *>(data) + count};
    return {static_cast<const int16_t *>(data), static_cast<const int16_t *>(data) + count};
}

} // namespace

// pass 0 forward (a weights, b input), 1 backward data (a weights, b output gradient), 2 backward weights (a output gradient, b input).
// bits: 8 or 16, how an operand is stored. shape: 16 numbers. sums: integers as doubles; the caller has checked that they fit 48 bits.
CREMA_API void crema_integer_sums(int32_t pass, const int64_t *shape, const void *a, int32_t aBits, const void *b, int32_t bBits,
                                  double *sums) {
    Shape s;
    int64_t *fields[] = {&s.batch,   &s.groups,  &s.channels, &s.height,  &s.width, &s.outputs, &s.outHeight, &s.outWidth,
                         &s.kernelH, &s.kernelW, &s.strideH,  &s.strideW, &s.padH,  &s.padW,    &s.dilationH, &s.dilationW};
    for (int i = 0; i < 16; i++) *fields[i] = shape[i];
    const int64_t inputs = s.batch * s.channels * s.plane(), outputs = s.batch * s.outputs * s.pixels();
    const int64_t weights = s.outputs * s.perGroup() * s.taps();
    const std::vector<int16_t> left = widened(a, aBits, pass == 2 ? outputs : weights);
    const std::vector<int16_t> right = widened(b, bBits, pass == 1 ? outputs : inputs);
    if (pass == 0)
        forward(s, left.data(), right.data(), sums);
    else if (pass == 1)
        backwardData(s, left.data(), right.data(), sums);
    else
        backwardWeights(s, left.data(), right.data(), sums);
}

// sums[channel] = sum over batch and pixels of a row-major [batch][channels][pixels] tensor.
CREMA_API void crema_integer_bias_sums(const void *gradient, int32_t bits, int64_t batch, int64_t channels, int64_t pixels, double *sums) {
    const std::vector<int16_t> values = widened(gradient, bits, batch * channels * pixels);
    parallelFor(channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++) {
            int64_t sum = 0;
            for (int64_t n = 0; n < batch; n++)
                for (int64_t i = 0; i < pixels; i++) sum += values[static_cast<size_t>((n * channels + c) * pixels + i)];
            sums[c] = static_cast<double>(sum);
        }
    });
}
