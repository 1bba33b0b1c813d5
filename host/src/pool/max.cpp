// Max pooling. No branch depends on data: compares and selects only. The index of a maximum is its place h * width + w in
// the plane, the first in reading order among equals, -1 where the window is empty or holds nothing above -FLT_MAX.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../vector.hpp"
#include "window.hpp"

#include <cfloat>
#include <vector>

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

// Row-major: first the maximum over the rows of a window for the whole width (side by side), then over its columns.
// S = 1 or 2 is the horizontal stride known to the compiler, 0 any stride.
template <int S> void columnsOf(const Pool &p, const float *best, const int32_t *at, float *y, int32_t *index) {
    const int64_t stride = S ? S : p.strideW;
    for (int64_t k = 0; k < p.kernelW; k++) {
        // `best` is padded left and right with -FLT_MAX, so every window reads kernelW places.
        const float *b = best + k;
        const int32_t *a = at + k;
#pragma GCC ivdep
        for (int64_t ow = 0; ow < p.outWidth; ow++) {
            const float value = b[ow * stride], known = y[ow];
            const int32_t place = a[ow * stride], other = index[ow];
            // Between equals of two columns the upper row comes first in reading order.
            const int32_t tie = place < other ? place : other;
            y[ow] = value > known ? value : known;
            index[ow] = value > known ? place : value == known ? tie : other;
        }
    }
    for (int64_t ow = 0; ow < p.outWidth; ow++) index[ow] = index[ow] == INT32_MAX ? -1 : index[ow];
}

void forwardRows(const Pool &p, const float *x, float *y, int32_t *index) {
    thread_local std::vector<float> bestRow;
    thread_local std::vector<int32_t> atRow;
    const int64_t length = std::max(p.padW + p.width, (p.outWidth - 1) * p.strideW + p.kernelW);
    bestRow.assign(static_cast<size_t>(length), -FLT_MAX);
    atRow.assign(static_cast<size_t>(length), INT32_MAX);
    float *best = bestRow.data() + p.padW;
    int32_t *at = atRow.data() + p.padW;
    for (int64_t oh = 0; oh < p.outHeight; oh++, y += p.outWidth, index += p.outWidth) {
        const Range rows = window(oh, p.height, p.kernelH, p.strideH, p.padH);
        for (int64_t w = 0; w < p.width; w++) {
            best[w] = -FLT_MAX;
            at[w] = INT32_MAX;
        }
        for (int64_t h = rows.begin; h < rows.end; h++) {
            const float *in = x + h * p.width;
            const int32_t place = static_cast<int32_t>(h * p.width);
#pragma GCC ivdep
            for (int64_t w = 0; w < p.width; w++) {
                const float value = in[w], known = best[w];
                const int32_t here = place + static_cast<int32_t>(w), other = at[w];
                best[w] = value > known ? value : known;
                at[w] = value > known ? here : other;
            }
        }
        std::fill(y, y + p.outWidth, -FLT_MAX);
        std::fill(index, index + p.outWidth, INT32_MAX);
        if (p.strideW == 1)
            columnsOf<1>(p, bestRow.data(), atRow.data(), y, index);
        else if (p.strideW == 2)
            columnsOf<2>(p, bestRow.data(), atRow.data(), y, index);
        else
            columnsOf<0>(p, bestRow.data(), atRow.data(), y, index);
    }
}

void backwardRows(const Pool &p, const int32_t *index, const float *dy, float *dx) {
    std::fill(dx, dx + p.inPlane(), 0.0f);
    for (int64_t i = 0; i < p.outPlane(); i++)
        if (index[i] >= 0) dx[index[i]] += dy[i];
}

} // namespace

// index: int32, as many as y.
CREMA_API void crema_max_pool_forward(const float *x, float *y, int32_t *index, const Pool *pool) {
    const Pool p = *pool;
    parallelFor(p.planes, planeGrain(p), [=](int64_t begin, int64_t end) {
        withLanes(p.lanes, [=](auto lanes) {
            constexpr int L = decltype(lanes)::value;
            for (int64_t plane = begin; plane < end; plane++) {
                const int64_t in = plane * p.inPlane(), out = plane * p.outPlane();
                if constexpr (L == 1)
                    forwardRows(p, x + in, y + out, index + out);
                else
                    forwardLanes<L>(p, x + in, y + out, index + out);
            }
        });
    });
}

CREMA_API void crema_max_pool_backward(const int32_t *index, const float *dy, float *dx, const Pool *pool) {
    const Pool p = *pool;
    parallelFor(p.planes, planeGrain(p), [=](int64_t begin, int64_t end) {
        withLanes(p.lanes, [=](auto lanes) {
            constexpr int L = decltype(lanes)::value;
            for (int64_t plane = begin; plane < end; plane++) {
                const int64_t in = plane * p.inPlane(), out = plane * p.outPlane();
                if constexpr (L == 1)
                    backwardRows(p, index + out, dy + out, dx + in);
                else
                    backwardLanes<L>(p, index + out, dy + out, dx + in);
            }
        });
    });
}

// Caffe's mask top: the index as a float.
CREMA_API void crema_index_to_float(const int32_t *index, float *mask, int64_t count) {
    parallelFor(count, 16384, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) mask[i] = static_cast<float>(index[i]);
    });
}
