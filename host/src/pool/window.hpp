// Pooling windows in Caffe's geometry. Planes are (block, channel) pairs: [planes][height][width][lanes].
#pragma once
#include <algorithm>
#include <cstdint>

namespace crema {

// Twelve int64 from TypeScript, in this order.
struct Pool {
    int64_t planes, lanes, height, width, outHeight, outWidth, kernelH, kernelW, strideH, strideW, padH, padW;

    int64_t inPlane() const { return height * width * lanes; }
    int64_t outPlane() const { return outHeight * outWidth * lanes; }
};

// Inputs [begin, end) under window `o` of one axis; empty where ceil rounding starts a window past the input.
struct Range {
    int64_t begin, end;
};

inline Range window(int64_t o, int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
    const int64_t start = o * stride - pad;
    const Range range{std::max<int64_t>(0, start), std::min(size, start + kernel)};
    return {range.begin, std::max(range.begin, range.end)};
}

// Windows [begin, end) of one axis that hold input i.
inline Range holders(int64_t i, int64_t out, int64_t kernel, int64_t stride, int64_t pad) {
    const int64_t at = i + pad;
    const int64_t first = at < kernel ? 0 : (at - kernel) / stride + 1;
    return {first, std::min(out, at / stride + 1)};
}

// Planes worth a thread.
inline int64_t planeGrain(const Pool &p) { return 1 + 8192 / (p.inPlane() + 1); }

} // namespace crema
