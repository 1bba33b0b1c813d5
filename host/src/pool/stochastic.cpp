// Stochastic pooling (Zeiler and Fergus 2013) for inputs >= 0. TRAIN picks an element with probability in proportion to
// its value; TEST takes the mean weighted by the values. Backward goes to the picked element (crema_max_pool_backward).
#include "../abi.hpp"
#include "../data/philox.hpp"
#include "../parallel.hpp"
#include "window.hpp"

using namespace crema;

// index < 0 never happens in a window with a positive sum; a window without one takes its first element.
// Output r (row-major within the image) of image n uses draw position + n * rest + r; `channels` planes make an image.
CREMA_API void crema_stochastic_pool_train(const float *x, float *y, int32_t *index, const Pool *pool, int64_t channels,
                                           uint64_t seed, uint32_t stream, uint64_t position) {
    const Pool &p = *pool;
    const int64_t rest = channels * p.outHeight * p.outWidth;
    parallelFor(p.planes, planeGrain(p), [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; plane++)
            for (int64_t o = 0; o < p.outPlane(); o++) {
                const int64_t lane = o % p.lanes, cell = o / p.lanes;
                const Range rows = window(cell / p.outWidth, p.height, p.kernelH, p.strideH, p.padH);
                const Range columns = window(cell % p.outWidth, p.width, p.kernelW, p.strideW, p.padW);
                const int64_t image = plane / channels * p.lanes + lane;
                const int64_t r = plane % channels * p.outHeight * p.outWidth + cell;
                const uint64_t draw = position + static_cast<uint64_t>(image * rest + r);
                const float *in = x + plane * p.inPlane() + lane;
                float sum = 0;
                for (int64_t h = rows.begin; h < rows.end; h++)
                    for (int64_t w = columns.begin; w < columns.end; w++) sum += in[(h * p.width + w) * p.lanes];
                const float uniform = static_cast<float>(philox(draw / 4, stream, 0, seed).word[draw % 4] >> 8) / 16777216.0f;
                const float threshold = uniform * sum;
                int64_t picked = rows.begin < rows.end && columns.begin < columns.end ? rows.begin * p.width + columns.begin : -1;
                float running = 0;
                bool open = true;
                for (int64_t h = rows.begin; h < rows.end && open; h++)
                    for (int64_t w = columns.begin; w < columns.end && open; w++) {
                        running += in[(h * p.width + w) * p.lanes];
                        if (running > threshold) {
                            picked = h * p.width + w;
                            open = false;
                        }
                    }
                const int64_t at = plane * p.outPlane() + o;
                index[at] = static_cast<int32_t>(picked);
                y[at] = picked < 0 ? 0 : in[picked * p.lanes];
            }
    });
}

CREMA_API void crema_stochastic_pool_test(const float *x, float *y, const Pool *pool) {
    const Pool &p = *pool;
    parallelFor(p.planes, planeGrain(p), [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; plane++)
            for (int64_t o = 0; o < p.outPlane(); o++) {
                const int64_t lane = o % p.lanes, cell = o / p.lanes;
                const Range rows = window(cell / p.outWidth, p.height, p.kernelH, p.strideH, p.padH);
                const Range columns = window(cell % p.outWidth, p.width, p.kernelW, p.strideW, p.padW);
                const float *in = x + plane * p.inPlane() + lane;
                float sum = 0, square = 0;
                for (int64_t h = rows.begin; h < rows.end; h++)
                    for (int64_t w = columns.begin; w < columns.end; w++) {
                        const float value = in[(h * p.width + w) * p.lanes];
                        sum += value;
                        square += value * value;
                    }
                y[plane * p.outPlane() + o] = sum > 0 ? square / sum : 0;
            }
    });
}
