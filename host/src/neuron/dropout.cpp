// Dropout. The draw of an element depends on its place in row-major order only, so every layout drops the same elements.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>

namespace {

constexpr int W = 16; // Philox blocks side by side

// The four words of W consecutive blocks (Salmon et al., SC 2011): words[j][w] = word j of block first + w.
void philoxBlocks(uint64_t first, uint32_t stream, uint32_t key0, uint32_t key1, uint32_t words[4][W]) {
    uint32_t c0[W], c1[W], c2[W], c3[W];
    for (int w = 0; w < W; w++) {
        const uint64_t counter = first + static_cast<uint64_t>(w);
        c0[w] = static_cast<uint32_t>(counter);
        c1[w] = static_cast<uint32_t>(counter >> 32);
        c2[w] = stream;
        c3[w] = 0;
    }
    for (int round = 0; round < 10; round++) {
        for (int w = 0; w < W; w++) {
            const uint64_t a = static_cast<uint64_t>(c0[w]) * 0xd2511f53u, b = static_cast<uint64_t>(c2[w]) * 0xcd9e8d57u;
            c0[w] = static_cast<uint32_t>(b >> 32) ^ c1[w] ^ key0;
            c2[w] = static_cast<uint32_t>(a >> 32) ^ c3[w] ^ key1;
            c1[w] = static_cast<uint32_t>(b);
            c3[w] = static_cast<uint32_t>(a);
        }
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
    std::copy(c0, c0 + W, words[0]);
    std::copy(c1, c1 + W, words[1]);
    std::copy(c2, c2 + W, words[2]);
    std::copy(c3, c3 + W, words[3]);
}

// keep[i] = draw first + i >= threshold, for i in [0, n), n <= 4 * W.
void keepFlags(uint64_t first, int64_t n, uint32_t threshold, uint32_t stream, uint32_t key0, uint32_t key1, uint8_t *keep) {
    uint32_t words[4][W];
    philoxBlocks(first / 4, stream, key0, key1, words);
    uint8_t flags[4 * W];
    for (int j = 0; j < 4; j++)
        for (int w = 0; w < W; w++) flags[w * 4 + j] = words[j][w] >= threshold ? 1 : 0;
    const int64_t skip = static_cast<int64_t>(first % 4);
    std::copy(flags + skip, flags + skip + n, keep);
}

} // namespace

// mask[i] = 1 (kept) with probability 1 - threshold / 2^32, in the layout's order. Image n, element r uses draw
// position + n * rest + r of the stream; padding lanes get 0.
CREMA_API void crema_dropout_mask(uint8_t *mask, int64_t batch, int64_t rest, int64_t lanes, uint32_t threshold,
                                  uint64_t seed, uint32_t stream, uint64_t position) {
    const uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
    constexpr int64_t kPiece = 4 * W - 4; // a piece may start inside a block of four
    const int64_t pieces = (rest + kPiece - 1) / kPiece;
    const int64_t images = (batch + lanes - 1) / lanes * lanes;
    crema::parallelFor(images / lanes * pieces, 64, [=](int64_t begin, int64_t end) {
        uint8_t keep[4 * W];
        for (int64_t item = begin; item < end; item++) {
            const int64_t block = item / pieces, r0 = item % pieces * kPiece, n = std::min(kPiece, rest - r0);
            for (int64_t lane = 0; lane < lanes; lane++) {
                const int64_t image = block * lanes + lane;
                uint8_t *out = mask + (block * rest + r0) * lanes + lane;
                if (image >= batch) {
                    for (int64_t i = 0; i < n; i++) out[i * lanes] = 0;
                    continue;
                }
                keepFlags(position + static_cast<uint64_t>(image * rest + r0), n, threshold, stream, key0, key1, keep);
                for (int64_t i = 0; i < n; i++) out[i * lanes] = keep[i];
            }
        }
    });
}

// y = x * scale where the mask is 1, else 0. Forward and backward alike; y may be x.
CREMA_API void crema_dropout_apply(const float *x, const uint8_t *mask, float *y, int64_t count, float scale) {
    crema::parallelFor(count, 16384, [=](int64_t begin, int64_t end) {
#pragma GCC ivdep
        for (int64_t i = begin; i < end; i++) y[i] = x[i] * (static_cast<float>(mask[i]) * scale);
    });
}
