// Block floating point back to float32, q * 2^e, into a row-major or batch-blocked tensor in one pass.
#include "../abi.hpp"
#include "tiles.hpp"

#include <cmath>

namespace {

using namespace crema;

template <bool Add, class In> void expand(const In *q, float scale, int64_t count, float *x) {
    for (int64_t i = 0; i < count; i++) {
        const float value = static_cast<float>(q[i]) * scale;
        x[i] = Add ? x[i] + value : value;
    }
}

template <bool Add, class In>
void run(const In *source, float *target, bool blocked, const TensorView &view, const int32_t *exponents) {
    const int64_t lanes = view.lanes;
    forPieces(view, [&](const Piece &p) {
        const float scale = std::ldexp(1.0f, exponents[p.group]);
        const int64_t block = p.block * lanes * view.rest;
        if (lanes == 1 || blocked) {
            expand<Add>(source + block + p.begin * lanes, scale, (p.end - p.begin) * lanes, target + block + p.begin * lanes);
            return;
        }
        float tile[kTile * kMostLanes];
        for (int64_t r = p.begin; r < p.end; r += kTile) {
            const int64_t n = std::min(kTile, p.end - r);
            expand<false>(source + block + r * lanes, scale, n * lanes, tile);
            withBlockedLanes(lanes, [&](auto width) { scatter<width.value, Add>(tile, view.rest, p.images, n, target + block + r); });
        }
    });
}

template <class In>
void dequantise(const In *source, float *target, bool blocked, const TensorView &view, const int32_t *exponents, bool add) {
    if (add)
        run<true>(source, target, blocked, view, exponents);
    else
        run<false>(source, target, blocked, view, exponents);
}

} // namespace

// source: elements of `bits` (8 or 16) in `lanes`. target: row-major, or blocked in the same lanes where `blocked`. With `add` the values are
// added to the target (gradients over several batches).
CREMA_API void crema_dequantise(const void *source, int32_t bits, float *target, int32_t blocked, int64_t batch, int64_t rest,
                                int64_t group, int64_t lanes, const int32_t *exponents, int32_t add) {
    const TensorView view{batch, rest, group, lanes};
    if (bits == 8)
        dequantise(static_cast<const int8_t *>(source), target, blocked != 0, view, exponents, add != 0);
    else
        dequantise(static_cast<const int16_t *>(source), target, blocked != 0, view, exponents, add != 0);
}
