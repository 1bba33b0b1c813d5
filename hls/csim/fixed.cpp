// C simulation of the fixed-point engines: the kernel's top function against the definition in 64-bit integers on random shapes and
// words, and against itself with other threads and other splits over compute units. Equality, never a tolerance. The digest is the
// same for every micro-tile and data path. Usage: csim [cases] [seed] [threads]
#include "../emulation/pool.hpp"
#include "../engine/run.hpp"
#include "reference.hpp"
#include "session.hpp"
#include "shapes.hpp"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>

extern "C" void crema_engine(const crema::word* a, const crema::word* b, crema::word* c, crema::word* bias, const crema::OpDescriptor* ops, uint32_t n_ops);

using namespace crema;

namespace {

uint64_t digest = 0xcbf29ce484222325; // FNV-1a of every result

/// c, bias (and its gradient), statistics.
template <class T> struct Results {
    std::vector<T> c;
    std::vector<int64_t> bias;
    int64_t statistics[3] = {};

    bool operator==(const Results& other) const {
        return c == other.c && bias == other.bias && std::equal(statistics, statistics + 3, other.statistics);
    }
};

template <class T> struct Case {
    OpDescriptor d;
    std::vector<T> a, b, c;
    std::vector<int64_t> bias;
    uint32_t pass = 0; // 1 forward, 2 data, 3 weights
};

template <class T> void fill(Random& random, std::vector<T>& to, size_t size, uint32_t word) {
    to.resize(size);
    const int low = -(1 << (word - 1)), high = (1 << (word - 1)) - 1;
    for (T& v : to) {
        const uint32_t kind = random() % 8;
        v = T(kind == 0 ? low : kind == 1 ? high : low + int(random() % (1u << word)));
    }
}

template <class T> Case<T> makeCase(Random& random) {
    Case<T> t;
    constexpr uint32_t bits = 8 * sizeof(T);
    t.d = random() % 3 ? randomConvolution(random) : randomInner(random);
    OpDescriptor& d = t.d;
    d.elementBits = bits;
    t.pass = d.op > 3 ? d.op - 3 : d.op;
    d.wordA = draw(random, 4, bits), d.wordB = draw(random, 4, bits), d.wordC = draw(random, 4, bits);
    const bool extreme = random() % 8 == 0;
    if (extreme) d.wordA = d.wordB = bits;
    if (random() % 2 && t.pass != 2) d.flags |= kBias;
    if (random() % 2 && t.pass == 1) d.flags |= kRelu;
    if (random() % 6 == 0) d.flags |= kMaximumOnly;
    if (d.op > 3 && random() % 2) d.flags |= kTransposed;
    if (t.pass == 3 && random() % 8 == 0) d.flags |= kNoWeights | kBias;
    d.rounding = random() % 2;
    d.seedLow = uint32_t(random()), d.seedHigh = uint32_t(random());
    fill(random, t.a, t.pass == 3 ? topSize(d) : weightSize(d), d.wordA);
    fill(random, t.b, t.pass == 2 ? topSize(d) : bottomSize(d), d.wordB);
    if (extreme && random() % 2) { // constant operands: the largest sums there are
        std::fill(t.a.begin(), t.a.end(), T(-(1 << (bits - 1))));
        std::fill(t.b.begin(), t.b.end(), T(random() % 2 ? -(1 << (bits - 1)) : (1 << (bits - 1)) - 1));
    }
    t.c.assign(t.pass == 1 ? topSize(d) : t.pass == 2 ? bottomSize(d) : weightSize(d), T(77));
    t.bias.resize(d.outputs);
    for (int64_t& v : t.bias) v = int64_t(random() % 4096) - 2048;
    if (random() % 4 == 0)
        for (int64_t& v : t.bias) v <<= 32;
    return t;
}

int64_t nearestOrDrawn(const OpDescriptor& d, int64_t acc, uint32_t element) {
    if (d.rounding == 0) {
        const long double exact = std::ldexp(static_cast<long double>(acc), -int(d.shift));
        return int64_t(std::nearbyint(exact)); // half to even
    }
    uint32_t x = element ^ d.seedLow;
    x = ((x ^ (x >> 16)) * 0x7feb352du) ^ d.seedHigh;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    x ^= x >> 16;
    // The top `shift` bits of the draw, over 2^shift; beyond 32 bits the draw's unit is split in the middle.
    const long double added = d.shift <= 32 ? std::floor(std::ldexp(static_cast<long double>(x), int(d.shift) - 32))
                                            : std::ldexp(static_cast<long double>(x) + 0.5L, int(d.shift) - 32);
    return int64_t(std::floor(std::ldexp(static_cast<long double>(acc) + added, -int(d.shift))));
}

/// What the definition says, before and after the output unit. Chooses the shift from the sums.
template <class T> Results<T> expected(Case<T>& t, Random& random) {
    OpDescriptor& d = t.d;
    Results<T> r{t.c, t.bias, {}};
    std::vector<int64_t> sums(t.c.size(), 0), bias(d.outputs, 0);
    reference::run<int64_t>(d, t.a.data(), t.b.data(), sums.data(), bias.data(), t.bias.data());
    if (t.pass == 3 && (d.flags & kBias)) r.bias = bias;
    if (d.flags & kNoWeights) return r;
    const uint32_t channels = t.pass == 1 ? d.outputs : d.channels;
    const size_t plane = t.pass == 1 ? size_t(d.outHeight) * d.outWidth : size_t(d.height) * d.width;
    const auto padding = [&](size_t i) { return t.pass != 3 && i / (channels * plane * d.lanes) * d.lanes + i % d.lanes >= d.batch; };
    for (size_t i = 0; i < sums.size(); ++i)
        if (!padding(i)) r.statistics[0] = std::max(r.statistics[0], std::abs(sums[i]));
    const int64_t upper = (1 << (d.wordC - 1)) - 1, lower = -upper - 1;
    for (d.shift = 0; (r.statistics[0] >> d.shift) > upper;) ++d.shift;
    d.shift = random() % 8 == 0 ? draw(random, 0, 47) : d.shift - std::min(d.shift, uint32_t(random() % 3));
    for (size_t i = 0; i < sums.size(); ++i) {
        size_t element = i;
        if (t.pass != 3) element = ((i / (channels * plane * d.lanes) * d.lanes + i % d.lanes) * channels * plane) + i / d.lanes % (channels * plane);
        const int64_t rounded = nearestOrDrawn(d, sums[i], uint32_t(element)), held = std::clamp(rounded, lower, upper);
        if (padding(i)) {
            r.c[i] = 0;
            continue;
        }
        r.statistics[1] += held != rounded, r.statistics[2] += rounded == 0 && sums[i] != 0;
        r.c[i] = T((d.flags & kRelu) && held < 0 ? 0 : held);
    }
    if (d.flags & kMaximumOnly) r.c = t.c, r.statistics[1] = r.statistics[2] = 0;
    return r;
}

/// Runs a case as `parts` descriptors over rows (and blocks, where the op has them).
template <class T> Results<T> runEngine(const Case<T>& t, uint32_t parts) {
    std::vector<OpDescriptor> ops;
    const uint32_t blockParts = parts > 1 && t.pass != 3 ? 2 : 1;
    std::vector<int64_t> bias = t.bias;
    bias.resize(t.bias.size() + 4 * parts * blockParts, -1);
    for (uint32_t r = 0; r < parts; ++r)
        for (uint32_t q = 0; q < blockParts; ++q) {
            OpDescriptor d = t.d;
            d.rowBegin = t.d.rowEnd * r / parts, d.rowEnd = t.d.rowEnd * (r + 1) / parts;
            d.blockBegin = t.d.blockEnd * q / blockParts, d.blockEnd = t.d.blockEnd * (q + 1) / blockParts;
            d.statisticsLow = uint32_t(t.bias.size() + 4 * ops.size());
            ops.push_back(d);
        }
    Results<T> result{t.c, {}, {}};
    crema_engine(reinterpret_cast<const word*>(t.a.data()), reinterpret_cast<const word*>(t.b.data()), reinterpret_cast<word*>(result.c.data()),
                 reinterpret_cast<word*>(bias.data()), ops.data(), uint32_t(ops.size()));
    for (size_t i = 0; i < ops.size(); ++i) {
        const int64_t* record = bias.data() + t.bias.size() + 4 * i;
        result.statistics[0] = std::max(result.statistics[0], record[0]);
        result.statistics[1] += record[1], result.statistics[2] += record[2];
        if (record[3] != 0) result.statistics[2] = -1; // the record was not written whole
    }
    result.bias.assign(bias.begin(), bias.begin() + ptrdiff_t(t.bias.size()));
    return result;
}

template <class T> bool check(Random& random, int index) {
    Case<T> t = makeCase<T>(random);
    const Results<T> want = expected(t, random);
    for (const uint32_t parts : {1u, 2u, 3u}) {
        setThreads(std::min(int(parts), mostThreads));
        const Results<T> got = runEngine(t, parts);
        if (parts == 1) {
            for (const T v : got.c) digest = (digest ^ uint64_t(uint16_t(v))) * 0x100000001b3;
            for (const int64_t v : got.bias) digest = (digest ^ uint64_t(v)) * 0x100000001b3;
            for (const int64_t v : got.statistics) digest = (digest ^ uint64_t(v)) * 0x100000001b3;
        }
        if (got == want) continue;
        const OpDescriptor& d = t.d;
        const size_t at = size_t(std::mismatch(got.c.begin(), got.c.end(), want.c.begin()).first - got.c.begin());
        std::printf("case %d, %u parts: op %u words %u %u %u shift %u rounding %u flags %u (batch %u lanes %u groups %u %ux%ux%u -> %u kernel %ux%u stride %ux%u pad %dx%d "
                    "dilation %ux%u): element %zu of %zu%s, statistics %lld %lld %lld, expected %lld %lld %lld\n",
                    index, parts, d.op, d.wordA, d.wordB, d.wordC, d.shift, d.rounding, d.flags, d.batch, d.lanes, d.groups, d.channels, d.height, d.width, d.outputs,
                    d.kernelH, d.kernelW, d.strideH, d.strideW, d.padH, d.padW, d.dilationH, d.dilationW, at, want.c.size(), got.bias == want.bias ? "" : ", bias",
                    static_cast<long long>(got.statistics[0]), static_cast<long long>(got.statistics[1]), static_cast<long long>(got.statistics[2]),
                    static_cast<long long>(want.statistics[0]), static_cast<long long>(want.statistics[1]), static_cast<long long>(want.statistics[2]));
        return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    const int cases = argc > 1 ? std::atoi(argv[1]) : 300;
    Random random(argc > 2 ? uint32_t(std::atoi(argv[2])) : 1);
    if (argc > 3) mostThreads = std::atoi(argv[3]);
    std::printf("csim: %s\n", instructions());
    int failed = 0;
    for (int i = 0; i < cases; ++i) {
        if (!(i % 2 == 0 ? check<int8_t>(random, i) : check<int16_t>(random, i))) ++failed;
    }
    std::printf("csim: %d of %d cases passed, digest %016llx\n", cases - failed, cases, static_cast<unsigned long long>(digest));
    return failed != 0;
}
