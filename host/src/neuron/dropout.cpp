// Dropout. The draw of an element depends on its place in row-major order only, so every layout drops the same elements.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../vector.hpp"

#include <algorithm>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {

constexpr int W = 16; // Philox blocks side by side
constexpr int kGroups = W / 4;

// Four 32-bit words in 64-bit lanes: their products need one instruction.
typedef uint64_t Words __attribute__((vector_size(32)));

inline Words product(Words a, uint32_t factor) {
#if defined(__AVX2__)
    return reinterpret_cast<Words>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), _mm256_set1_epi64x(factor)));
#else
    return a * factor;
#endif
}

// The four words of W consecutive blocks (Salmon et al., SC 2011): words[j][w] = word j of block first + w.
void philoxBlocks(uint64_t first, uint32_t stream, uint32_t key0, uint32_t key1, uint32_t words[4][W]) {
    const Words low = Words{} + 0xffffffffu;
    Words c0[kGroups], c1[kGroups], c2[kGroups], c3[kGroups];
    for (int g = 0; g < kGroups; g++) {
        const Words counter = first + static_cast<uint64_t>(g * 4) + Words{0, 1, 2, 3};
        c0[g] = counter & low;
        c1[g] = counter >> 32;
        c2[g] = Words{} + stream;
        c3[g] = Words{};
    }
    for (int round = 0; round < 10; round++) {
        for (int g = 0; g < kGroups; g++) {
            const Words a = product(c0[g], 0xd2511f53u), b = product(c2[g], 0xcd9e8d57u);
            c0[g] = (b >> 32) ^ c1[g] ^ static_cast<uint64_t>(key0);
            c2[g] = (a >> 32) ^ c3[g] ^ static_cast<uint64_t>(key1);
            c1[g] = b & low;
            c3[g] = a & low;
        }
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
    for (int g = 0; g < kGroups; g++)
        for (int i = 0; i < 4; i++) {
            words[0][g * 4 + i] = static_cast<uint32_t>(c0[g][i]);
            words[1][g * 4 + i] = static_cast<uint32_t>(c1[g][i]);
            words[2][g * 4 + i] = static_cast<uint32_t>(c2[g][i]);
            words[3][g * 4 + i] = static_cast<uint32_t>(c3[g][i]);
        }
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
