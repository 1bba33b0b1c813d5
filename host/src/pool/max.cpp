// Max pooling. No branch depends on data: compares and selects only. The index of a maximum is its place h * width + w in
// the plane, the first in reading order among equals, -1 where the window is empty or holds nothing above -FLT_MAX.
#include "../abi.hpp"
#include "../vector.hpp"
#include "planes.hpp"

#include <cfloat>

using namespace crema;

namespace {

// Lanes side by side: one vector compare per window element.
template <int L> void forwardLanes(const Pool &p, const float *x, float *y, int32_t *index) {
    constexpr int W = widthOf<L>(), V = L / W;
    for (int64_t oh = 0; oh < p.outHeight; oh++) {
        const Range rows = window(oh, p.height, p.kernelH, p.strideH, p.padH);
        for (int64_t ow = 0; ow < p.outWidth; ow++) {
            const Range columns = window(ow, p.width, p.kernelW, p.strideW, p.padW);
            typename Vector<W>::F best[V];
            typename Vector<W>::I at[V];
            for (int v = 0; v < V; v++) {
                best[v] = typename Vector<W>::F{} - FLT_MAX;
                at[v] = typename Vector<W>::I{} - 1;
            }
            for (int64_t h = rows.begin; h < rows.end; h++) {
                const float *in = x + (h * p.width + columns.begin) * L;
                int32_t place = static_cast<int32_t>(h * p.width + columns.begin);
                for (int64_t w = columns.begin; w < columns.end; w++, in += L, place++) {
                    for (int v = 0; v < V; v++) {
                        const auto value = load<W>(in + v * W);
                        const auto more = value > best[v];
                        best[v] = more ? value : best[v];
                        at[v] = more ? typename Vector<W>::I{} + place : at[v];
                    }
                }
            }
            for (int v = 0; v < V; v++) {
                store<W>(y + v * W, best[v]);
                store<W>(index + v * W, at[v]);
            }
            y += L;
            index += L;
        }
    }
}

// dx of every input is gathered from the windows that hold it: no zero fill, no scatter, nothing is read back.
template <int L> void backwardLanes(const Pool &p, const int32_t *index, const float *dy, float *dx) {
    constexpr int W = widthOf<L>(), V = L / W;
    for (int64_t h = 0; h < p.height; h++) {
        const Range rows = holders(h, p.outHeight, p.kernelH, p.strideH, p.padH);
        for (int64_t w = 0; w < p.width; w++, dx += L) {
            const Range columns = holders(w, p.outWidth, p.kernelW, p.strideW, p.padW);
            const int32_t place = static_cast<int32_t>(h * p.width + w);
            typename Vector<W>::F sum[V] = {};
            for (int64_t oh = rows.begin; oh < rows.end; oh++) {
                const int64_t row = (oh * p.outWidth + columns.begin) * L;
                const int32_t *at = index + row;
                const float *g = dy + row;
                for (int64_t ow = columns.begin; ow < columns.end; ow++, at += L, g += L)
                    for (int v = 0; v < V; v++)
                        sum[v] += load<W>(at + v * W) == place ? load<W>(g + v * W) : typename Vector<W>::F{};
            }
            for (int v = 0; v < V; v++) store<W>(dx + v * W, sum[v]);
        }
    }
}

// One row-major plane: a quarter as many outputs as inputs or fewer, so scattering is cheap.
void backwardRows(const Pool &p, const int32_t *index, const float *dy, float *dx) {
    std::fill(dx, dx + p.inPlane(), 0.0f);
    for (int64_t i = 0; i < p.outPlane(); i++)
        if (index[i] >= 0) dx[index[i]] += dy[i];
}

} // namespace

// index: int32, as many as y.
CREMA_API void crema_max_pool_forward(const float *x, float *y, int32_t *index, const Pool *pool) {
    const Pool &p = *pool;
    const int64_t in = p.inPlane(), out = p.outPlane();
    overPlanes(
        p,
        [&](int64_t first, int64_t count) {
            float *from = planeMemory<0, float>(in * kSide), *to = planeMemory<1, float>(out * kSide);
            int32_t *places = planeMemory<2, int32_t>(out * kSide);
            interleave(x + first * in, count, in, from);
            forwardLanes<kSide>(p, from, to, places);
            separate(to, count, out, y + first * out);
            separate(places, count, out, index + first * out);
        },
        [&](auto lanes, int64_t plane) {
            forwardLanes<decltype(lanes)::value>(p, x + plane * in, y + plane * out, index + plane * out);
        });
}

CREMA_API void crema_max_pool_backward(const int32_t *index, const float *dy, float *dx, const Pool *pool) {
    const Pool &p = *pool;
    const int64_t in = p.inPlane(), out = p.outPlane();
    overPlanes(
        p,
        [&](int64_t first, int64_t count) {
            for (int64_t plane = first; plane < first + count; plane++)
                backwardRows(p, index + plane * out, dy + plane * out, dx + plane * in);
        },
        [&](auto lanes, int64_t plane) {
            backwardLanes<decltype(lanes)::value>(p, index + plane * out, dy + plane * out, dx + plane * in);
        });
}

// Caffe's mask top: the index as a float.
CREMA_API void crema_index_to_float(const int32_t *index, float *mask, int64_t count) {
    parallelFor(count, 16384, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) mask[i] = static_cast<float>(index[i]);
    });
}
