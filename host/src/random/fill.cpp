// Fillers' draws. Element i depends on (seed, stream, position + i) only, so threads and blocks cannot change it; the words are
// those of orchestrator/core/rng.ts. Fused multiply-adds are off: the same numbers on every machine.
#pragma GCC optimize("fp-contract=off")
#include "../abi.hpp"
#include "../elementary.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <cmath>

using namespace crema;

namespace {

constexpr int64_t BLOCKS = 64;          // Philox blocks at once, word-major so that the rounds vectorise
constexpr int64_t WORDS = 4 * BLOCKS;
constexpr int64_t GRAIN = 1 << 14;

struct Stream {
    uint64_t seed;
    uint32_t stream;
};

// Words of the blocks first, first + 1, … in the order of their positions.
void words(const Stream &s, int64_t first, uint32_t *out) {
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    for (int64_t b = 0; b < BLOCKS; b++) {
        const uint64_t index = static_cast<uint64_t>(first + b);
        c0[b] = static_cast<uint32_t>(index);
        c1[b] = static_cast<uint32_t>(index >> 32);
        c2[b] = s.stream;
        c3[b] = 0;
    }
    uint32_t k0 = static_cast<uint32_t>(s.seed), k1 = static_cast<uint32_t>(s.seed >> 32);
    for (int round = 0; round < 10; round++, k0 += 0x9e3779b9u, k1 += 0xbb67ae85u) {
        for (int64_t b = 0; b < BLOCKS; b++) {
            const uint64_t p0 = 0xd2511f53ull * c0[b];
            const uint64_t p1 = 0xcd9e8d57ull * c2[b];
            c0[b] = static_cast<uint32_t>(p1 >> 32) ^ c1[b] ^ k0;
            c1[b] = static_cast<uint32_t>(p1);
            c2[b] = static_cast<uint32_t>(p0 >> 32) ^ c3[b] ^ k1;
            c3[b] = static_cast<uint32_t>(p0);
        }
    }
    for (int64_t b = 0; b < BLOCKS; b++) {
        out[4 * b] = c0[b];
        out[4 * b + 1] = c1[b];
        out[4 * b + 2] = c2[b];
        out[4 * b + 3] = c3[b];
    }
}

// Calls body(buffer, first, last, element) for runs of positions; buffer[k] is the word at position first + k, where first is a
// multiple of WORDS. `position` is the stream position of element 0.
template <class Body> void overWords(const Stream &s, int64_t position, int64_t count, Body body) {
    const int64_t begin = position / WORDS, end = (position + count + WORDS - 1) / WORDS;
    parallelFor(end - begin, GRAIN / WORDS, [&](int64_t from, int64_t to) {
        uint32_t buffer[WORDS];
        for (int64_t group = begin + from; group < begin + to; group++) {
            words(s, group * BLOCKS, buffer);
            const int64_t first = group * WORDS;
            body(buffer, first, std::max(first, position), std::min(first + WORDS, position + count));
        }
    });
}

// sin and cos of a quarter turn times t, |t| <= 1/2: least-squares polynomials in t², error below 3e-9.
inline float quarterSin(float t) {
    const float z = t * t;
    return t * (1.57079633f + z * (-0.645964096f + z * (0.0796925827f + z * (-4.68126637e-3f + z * 1.58206527e-4f))));
}
inline float quarterCos(float t) {
    const float z = t * t;
    return 1.0f + z * (-1.23370054f + z * (0.253669204f + z * (-0.0208600704f + z * 9.03629886e-4f)));
}

// One pair of words to two standard normals (Box-Muller). The radius reaches 6.6.
inline void normals(uint32_t a, uint32_t b, float &first, float &second) {
    // (a + 1) / 2^32 without rounding to more than 1: halves around 2^31 keep the conversion signed, hence vectorisable
    const float u = (static_cast<float>(static_cast<int32_t>(a >> 1)) + 0.75f) * (1.0f / 2147483648.0f);
    const float radius = std::sqrt(-2.0f * fastLog(u < 1.0f ? u : 1.0f));
    const uint32_t turned = b + 0x20000000u; // nearest quarter: the top two bits
    const int32_t quarter = static_cast<int32_t>(turned >> 30);
    const float t = static_cast<float>(static_cast<int32_t>(turned & 0x3fffffffu) - 0x20000000) * (1.0f / 1073741824.0f);
    const float s = quarterSin(t), c = quarterCos(t);
    const float x = (quarter & 1) ? s : c, y = (quarter & 1) ? c : s;
    first = radius * ((quarter == 1 || quarter == 2) ? -x : x);
    second = radius * (quarter >= 2 ? -y : y);
}

} // namespace

// Uniform in [low, high]: low + (high - low) * word / 2^32, in double, rounded once. One word an element.
CREMA_API void crema_fill_uniform(float *out, int64_t count, uint64_t seed, uint32_t stream, int64_t position, float low,
                                  float high) {
    const double start = low, width = (static_cast<double>(high) - low) / 4294967296.0;
    overWords({seed, stream}, position, count, [=](const uint32_t *word, int64_t first, int64_t from, int64_t to) {
        float *at = out - position;
        for (int64_t p = from; p < to; p++) at[p] = static_cast<float>(start + width * word[p - first]);
    });
}

// Normal. Elements 2j and 2j + 1 of the stream are the two normals of words 2j, 2j + 1; `position` must be even.
CREMA_API void crema_fill_gaussian(float *out, int64_t count, uint64_t seed, uint32_t stream, int64_t position, float mean,
                                   float deviation) {
    overWords({seed, stream}, position, count, [=](const uint32_t *word, int64_t first, int64_t from, int64_t to) {
        float *at = out - position;
        float even[WORDS / 2], odd[WORDS / 2];
        for (int64_t j = 0; j < WORDS / 2; j++) normals(word[2 * j], word[2 * j + 1], even[j], odd[j]);
        for (int64_t p = from; p < to; p++) {
            const int64_t k = p - first;
            at[p] = mean + deviation * ((k & 1) ? odd[k / 2] : even[k / 2]);
        }
    });
}

// Keeps each element with the given probability and sets the others to zero.
CREMA_API void crema_fill_sparse(float *out, int64_t count, uint64_t seed, uint32_t stream, int64_t position,
                                 double probability) {
    const double threshold = probability * 4294967296.0;
    overWords({seed, stream}, position, count, [=](const uint32_t *word, int64_t first, int64_t from, int64_t to) {
        float *at = out - position;
        for (int64_t p = from; p < to; p++) at[p] = word[p - first] < threshold ? at[p] : 0.0f;
    });
}

// Rows divided by their sums.
CREMA_API void crema_fill_unit_rows(float *out, int64_t rows, int64_t length) {
    parallelFor(rows, std::max<int64_t>(1, GRAIN / std::max<int64_t>(1, length)), [=](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
            double sum = 0;
            for (int64_t i = 0; i < length; i++) sum += out[r * length + i];
            for (int64_t i = 0; i < length; i++) out[r * length + i] = static_cast<float>(out[r * length + i] / sum);
        }
    });
}

CREMA_API void crema_fill_constant(float *out, int64_t count, float value) {
    parallelFor(count, 1 << 18, [=](int64_t begin, int64_t end) { std::fill(out + begin, out + end, value); });
}
