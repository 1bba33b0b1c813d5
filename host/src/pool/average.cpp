// Average pooling: the sum over a window divided by the window's area within the padded input (Caffe's rule; the last
// window of ceil rounding is clipped there). A window that lies wholly outside gives 0.
#include "../abi.hpp"
#include "planes.hpp"

#include <vector>

using namespace crema;

namespace {

// Extent of window o within [-pad, size + pad).
int64_t extent(int64_t o, int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
    const int64_t start = o * stride - pad;
    return std::max<int64_t>(0, std::min(start + kernel, size + pad) - start);
}

// 1 / area of every window of a plane, or 0.
std::vector<float> inverseAreas(const Pool &p) {
    std::vector<float> areas(static_cast<size_t>(p.outHeight * p.outWidth));
    for (int64_t oh = 0; oh < p.outHeight; oh++)
        for (int64_t ow = 0; ow < p.outWidth; ow++) {
            const int64_t area = extent(oh, p.height, p.kernelH, p.strideH, p.padH) *
                                 extent(ow, p.width, p.kernelW, p.strideW, p.padW);
            areas[static_cast<size_t>(oh * p.outWidth + ow)] = area > 0 ? 1 / static_cast<float>(area) : 0;
        }
    return areas;
}

template <int L> void forwardLanes(const Pool &p, const float *areas, const float *x, float *y) {
    constexpr int W = widthOf<L>(), V = L / W;
    for (int64_t oh = 0; oh < p.outHeight; oh++) {
        const Range rows = window(oh, p.height, p.kernelH, p.strideH, p.padH);
        for (int64_t ow = 0; ow < p.outWidth; ow++, y += L, areas++) {
            const Range columns = window(ow, p.width, p.kernelW, p.strideW, p.padW);
            typename Vector<W>::F sum[V] = {};
            for (int64_t h = rows.begin; h < rows.end; h++) {
                const float *in = x + (h * p.width + columns.begin) * L;
                for (int64_t w = columns.begin; w < columns.end; w++, in += L)
                    for (int v = 0; v < V; v++) sum[v] += load<W>(in + v * W);
            }
            for (int v = 0; v < V; v++) store<W>(y + v * W, sum[v] * *areas);
        }
    }
}

template <int L> void backwardLanes(const Pool &p, const float *areas, const float *dy, float *dx) {
    constexpr int W = widthOf<L>(), V = L / W;
    for (int64_t h = 0; h < p.height; h++) {
        const Range rows = holders(h, p.outHeight, p.kernelH, p.strideH, p.padH);
        for (int64_t w = 0; w < p.width; w++, dx += L) {
            const Range columns = holders(w, p.outWidth, p.kernelW, p.strideW, p.padW);
            typename Vector<W>::F sum[V] = {};
            for (int64_t oh = rows.begin; oh < rows.end; oh++)
                for (int64_t ow = columns.begin; ow < columns.end; ow++) {
                    const int64_t at = oh * p.outWidth + ow;
                    for (int v = 0; v < V; v++) sum[v] += load<W>(dy + at * L + v * W) * areas[at];
                }
            for (int v = 0; v < V; v++) store<W>(dx + v * W, sum[v]);
        }
    }
}

} // namespace

CREMA_API void crema_average_pool_forward(const float *x, float *y, const Pool *pool) {
    const Pool &p = *pool;
    const auto areas = inverseAreas(p);
    const int64_t in = p.inPlane(), out = p.outPlane();
    overPlanes(
        p,
        [&](int64_t first, int64_t count) {
            float *from = planeMemory<0, float>(in * kSide), *to = planeMemory<1, float>(out * kSide);
            interleave(x + first * in, count, in, from);
            forwardLanes<kSide>(p, areas.data(), from, to);
            separate(to, count, out, y + first * out);
        },
        [&](auto lanes, int64_t plane) {
            forwardLanes<decltype(lanes)::value>(p, areas.data(), x + plane * in, y + plane * out);
        });
}

CREMA_API void crema_average_pool_backward(const float *dy, float *dx, const Pool *pool) {
    const Pool &p = *pool;
    const auto areas = inverseAreas(p);
    const int64_t in = p.inPlane(), out = p.outPlane();
    overPlanes(
        p,
        [&](int64_t first, int64_t count) {
            float *from = planeMemory<0, float>(out * kSide), *to = planeMemory<1, float>(in * kSide);
            interleave(dy + first * out, count, out, from);
            backwardLanes<kSide>(p, areas.data(), from, to);
            separate(to, count, in, dx + first * in);
        },
        [&](auto lanes, int64_t plane) {
            backwardLanes<decltype(lanes)::value>(p, areas.data(), dy + plane * out, dx + plane * in);
        });
}
