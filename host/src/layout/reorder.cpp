// Between row-major [N][R] and batch-blocked [ceil(N/B)][R][B] (R = product of the axes after the batch).
// A transpose of N x R in tiles of 16 x 16, so that both sides move whole cache lines.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <cstring>

namespace {

constexpr int64_t kTile = 16;

// One block of images [r0, r1) of the flattened rest, from rows to lanes. Lanes past the batch become zero.
template <int64_t B> void toBlock(const float *source, float *target, int64_t batch, int64_t rest, int64_t r0, int64_t r1) {
    for (int64_t r = r0; r < r1; r += kTile) {
        const int64_t n = std::min(kTile, r1 - r);
        float tile[kTile][B];
        if (batch < B) std::memset(tile, 0, sizeof tile);
        for (int64_t lane = 0; lane < batch; lane++) {
            const float *row = source + lane * rest + r;
            for (int64_t i = 0; i < n; i++) tile[i][lane] = row[i];
        }
        std::memcpy(target + r * B, tile, static_cast<size_t>(n) * B * sizeof(float));
    }
}

template <int64_t B> void fromBlock(const float *source, float *target, int64_t batch, int64_t rest, int64_t r0, int64_t r1) {
    for (int64_t r = r0; r < r1; r += kTile) {
        const int64_t n = std::min(kTile, r1 - r);
        for (int64_t lane = 0; lane < batch; lane++) {
            float *row = target + lane * rest + r;
            for (int64_t i = 0; i < n; i++) row[i] = source[(r + i) * B + lane];
        }
    }
}

template <int64_t B, bool Block> void run(const float *source, float *target, int64_t batch, int64_t rest) {
    const int64_t blocks = (batch + B - 1) / B;
    constexpr int64_t kStrip = 1024; // elements of the rest per piece of work
    const int64_t strips = (rest + kStrip - 1) / kStrip;
    crema::parallelFor(blocks * strips, 4, [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; piece++) {
            const int64_t block = piece / strips, strip = piece % strips;
            const int64_t images = std::min(B, batch - block * B);
            const int64_t r0 = strip * kStrip, r1 = std::min(rest, r0 + kStrip);
            const int64_t rows = block * B * rest; // the same offset on both sides
            if (Block)
                toBlock<B>(source + rows, target + rows, images, rest, r0, r1);
            else
                fromBlock<B>(source + rows, target + rows, images, rest, r0, r1);
        }
    });
}

} // namespace

// lanes: 8 or 16. The blocked side holds ceil(batch/lanes)*lanes*rest elements.
CREMA_API void crema_to_blocked(const float *rows, float *blocked, int64_t batch, int64_t rest, int64_t lanes) {
    if (lanes == 8)
        run<8, true>(rows, blocked, batch, rest);
    else
        run<16, true>(rows, blocked, batch, rest);
}

CREMA_API void crema_from_blocked(const float *blocked, float *rows, int64_t batch, int64_t rest, int64_t lanes) {
    if (lanes == 8)
        run<8, false>(blocked, rows, batch, rest);
    else
        run<16, false>(blocked, rows, batch, rest);
}
