// C simulation: the kernel's top function against the definition in double precision on random shapes, and against itself
// with other threads and other splits over compute units (equal bits). The digest of all results is the same for every
// micro-tile of a config. Usage: csim [cases] [seed] [threads]
#include "../emulation/pool.hpp"
#include "../engine/types.hpp"
#include "reference.hpp"
#include "session.hpp"
#include "shapes.hpp"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

extern "C" void crema_engine(const crema::word* a, const crema::word* b, crema::word* c, crema::word* bias, const crema::OpDescriptor* ops, uint32_t n_ops);

using namespace crema;

namespace {

uint64_t digest = 0xcbf29ce484222325; // FNV-1a of every result

void addToDigest(const std::vector<float>& values) {
    for (const float value : values) {
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        digest = (digest ^ bits) * 0x100000001b3;
    }
}

struct Case {
    OpDescriptor d;
    std::vector<float> a, b, c, bias; // c and bias as before the op
};

Case makeCase(Random& random) {
    Case t;
    t.d = random() % 3 ? randomConvolution(random) : randomInner(random);
    OpDescriptor& d = t.d;
    const uint32_t pass = d.op > 3 ? d.op - 3 : d.op;
    if (random() % 2 && pass != 2) d.flags |= kBias;
    if (random() % 2) d.flags |= kAccumulate;
    if (d.op > 3 && random() % 2) d.flags |= kTransposed;
    if (pass == 3 && random() % 8 == 0) d.flags |= kNoWeights | kBias;
    const auto fill = [&](std::vector<float>& to, size_t size) {
        to.resize(size);
        for (float& v : to) v = float(int(random() % 2001) - 1000) / 512.0f;
    };
    fill(t.a, pass == 3 ? topSize(d) : weightSize(d));
    fill(t.b, pass == 2 ? topSize(d) : bottomSize(d));
    fill(t.c, pass == 1 ? topSize(d) : pass == 2 ? bottomSize(d) : weightSize(d));
    fill(t.bias, d.outputs);
    if (pass == 3) // lanes without an image may hold anything
        for (auto* tensor : {&t.a, &t.b})
            for (size_t i = 0; i < tensor->size(); ++i)
                if (i / (tensor->size() / blocksOf(d)) * d.lanes + i % d.lanes >= d.batch) (*tensor)[i] = std::numeric_limits<float>::quiet_NaN();
    return t;
}

/// Runs a case as `parts` descriptors over rows (and blocks, where the op has them) and returns c, then bias.
std::vector<float> runEngine(const Case& t, uint32_t parts) {
    std::vector<float> c = t.c, bias = t.bias;
    std::vector<OpDescriptor> ops;
    const uint32_t blockParts = parts > 1 && t.d.op % 3 != 0 ? 2 : 1;
    for (uint32_t r = 0; r < parts; ++r)
        for (uint32_t q = 0; q < blockParts; ++q) {
            OpDescriptor d = t.d;
            d.rowBegin = t.d.rowEnd * r / parts, d.rowEnd = t.d.rowEnd * (r + 1) / parts;
            d.blockBegin = t.d.blockEnd * q / blockParts, d.blockEnd = t.d.blockEnd * (q + 1) / blockParts;
            ops.push_back(d);
        }
    crema_engine(reinterpret_cast<const word*>(t.a.data()), reinterpret_cast<const word*>(t.b.data()), reinterpret_cast<word*>(c.data()),
                 reinterpret_cast<word*>(bias.data()), ops.data(), uint32_t(ops.size()));
    c.insert(c.end(), bias.begin(), bias.end());
    return c;
}

bool check(const Case& t, int index) {
    const OpDescriptor& d = t.d;
    const bool accumulate = d.flags & kAccumulate, weights = d.op % 3 == 0;
    std::vector<double> c(t.c.size()), bias(t.bias.begin(), t.bias.end());
    if (accumulate || (d.flags & kNoWeights)) c.assign(t.c.begin(), t.c.end());
    if (weights && (d.flags & kBias) && !accumulate) bias.assign(bias.size(), 0);
    reference::run<double>(d, t.a.data(), t.b.data(), c.data(), bias.data(), t.bias.data());
    setThreads(1);
    const std::vector<float> got = runEngine(t, 1);
    addToDigest(got);
    c.insert(c.end(), bias.begin(), bias.end());
    const size_t lanesFrom = weights ? 0 : t.c.size() / blocksOf(d);
    for (size_t i = 0; i < got.size(); ++i) {
        if (lanesFrom && i < t.c.size() && i / lanesFrom * d.lanes + i % d.lanes >= d.batch) continue; // padding lane
        if (std::abs(got[i] - c[i]) <= 2e-5 * std::max(1.0, std::sqrt(double(t.b.size()))) + 2e-5 * std::abs(c[i])) continue;
        std::printf("case %d: op %u element %zu is %g, expected %g (batch %u lanes %u groups %u %ux%ux%u -> %u kernel %ux%u stride %ux%u pad %dx%d dilation %ux%u flags %u)\n",
                    index, d.op, i, got[i], c[i], d.batch, d.lanes, d.groups, d.channels, d.height, d.width, d.outputs, d.kernelH, d.kernelW, d.strideH, d.strideW, d.padH,
                    d.padW, d.dilationH, d.dilationW, d.flags);
        return false;
    }
    for (const uint32_t parts : {1u, 2u, 3u}) {
        setThreads(std::min(int(parts), mostThreads));
        const std::vector<float> other = runEngine(t, parts);
        if (std::memcmp(other.data(), got.data(), got.size() * sizeof(float)) == 0) continue;
        std::printf("case %d: op %u has other bits with %u threads and %u parts\n", index, d.op, parts, parts);
        return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    const int cases = argc > 1 ? std::atoi(argv[1]) : 300;
    Random random(argc > 2 ? uint32_t(std::atoi(argv[2])) : 1);
    const DenormalsFlushed mode;
    if (argc > 3) mostThreads = std::atoi(argv[3]);
    std::printf("csim: %s\n", instructions());
    int failed = 0;
    for (int i = 0; i < cases; ++i)
        if (!check(makeCase(random), i)) ++failed;
    std::printf("csim: %d of %d cases passed, digest %016llx\n", cases - failed, cases, static_cast<unsigned long long>(digest));
    return failed != 0;
}
