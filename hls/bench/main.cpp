// Speed of the emulated engine on layers of known networks, one thread, CPU time, best of several runs (BENCH_SECONDS each), beside the peak of a
// loop of independent multiply-adds; fixed point beside fp32, in turns, where the build has both (config mixed).
// Usage: bench [name part] [pass 0-2] [--guard]   (--guard: one layer, exit 1 below 0.3 of the peak)
#include "../csim/shapes.hpp"
#include "../emulation/pool.hpp"
#include "../engine/run.hpp"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

extern "C" void crema_engine(const crema::word* a, const crema::word* b, crema::word* c, crema::word* bias, const crema::OpDescriptor* ops, uint32_t n_ops);

using namespace crema;

namespace {

double cpuSeconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

template <class F> double best(F run, double budget) {
    double least = 1e9, spent = 0;
    for (int i = 0; i < 3 || spent < budget; ++i) {
        const double start = cpuSeconds();
        run();
        const double time = cpuSeconds() - start;
        least = std::min(least, time), spent += time;
    }
    return least;
}

/// Peak of this core in GFLOP/s: 12 independent chains hide the latency of any multiply-add unit.
__attribute__((noinline)) double peak() {
    constexpr unsigned kChains = 12, kWidth = MT_BYTES / 4;
    using V = Vector<float, kWidth>;
    V acc[kChains];
    for (unsigned i = 0; i < kChains; ++i) acc[i] = V{} + 1e-3f * float(i);
    volatile float opaque = 0.999f;
    const V factor = V{} + opaque;
    const long steps = 1000000;
    const double time = best(
        [&] {
            for (long s = 0; s < steps; ++s)
#pragma GCC unroll 12
                for (unsigned i = 0; i < kChains; ++i) acc[i] = mac(factor, acc[i], factor);
        },
        0.5);
    volatile float sink = 0;
    for (const V& v : acc) sink = sink + v[0];
    return 2e-9 * kChains * kWidth * double(steps) / time;
}

struct Layer {
    const char* name;
    OpDescriptor d;
};

const Layer layers[] = {
    {"LeNet conv1", convolution(64, 16, 1, 28, 20, 5, 1, 0)},
    {"LeNet conv2", convolution(64, 16, 20, 12, 50, 5, 1, 0)},
    {"LeNet ip1", innerProduct(64, 16, 800, 500)},
    {"CIFAR10-quick conv1", convolution(100, 16, 3, 32, 32, 5, 1, 2)},
    {"CIFAR10-quick conv2", convolution(100, 16, 32, 16, 32, 5, 1, 2)},
    {"CIFAR10-quick conv3", convolution(100, 16, 32, 8, 64, 5, 1, 2)},
    {"ResNet-20 conv1", convolution(128, 16, 3, 32, 16, 3, 1, 1)},
    {"ResNet-20 16", convolution(128, 16, 16, 32, 16, 3, 1, 1)},
    {"ResNet-20 16-32 s2", convolution(128, 16, 16, 32, 32, 3, 2, 1)},
    {"ResNet-20 32", convolution(128, 16, 32, 16, 32, 3, 1, 1)},
    {"ResNet-20 64", convolution(128, 16, 64, 8, 64, 3, 1, 1)},
    {"CaffeNet conv1", convolution(16, 16, 3, 227, 96, 11, 4, 0)},
    {"CaffeNet conv2", convolution(16, 16, 96, 27, 256, 5, 1, 2, 2)},
    {"CaffeNet conv3", convolution(16, 16, 256, 13, 384, 3, 1, 1)},
    {"CaffeNet conv4", convolution(16, 16, 384, 13, 384, 3, 1, 1, 2)},
    {"CaffeNet conv5", convolution(16, 16, 384, 13, 256, 3, 1, 1, 2)},
    {"CaffeNet fc6", innerProduct(16, 16, 9216, 4096)},
    {"CaffeNet fc7", innerProduct(16, 16, 4096, 4096)},
    {"CaffeNet fc8", innerProduct(16, 16, 4096, 1000)},
    {"ResNet-18 conv1", convolution(8, 8, 3, 224, 64, 7, 2, 3)},
    {"ResNet-18 64", convolution(8, 8, 64, 56, 64, 3, 1, 1)},
    {"ResNet-18 64-128 s2", convolution(8, 8, 64, 56, 128, 3, 2, 1)},
    {"ResNet-18 64-128 1x1 s2", convolution(8, 8, 64, 56, 128, 1, 2, 0)},
    {"ResNet-18 128", convolution(8, 8, 128, 28, 128, 3, 1, 1)},
    {"ResNet-18 256", convolution(8, 8, 256, 14, 256, 3, 1, 1)},
    {"ResNet-18 512", convolution(8, 8, 512, 7, 512, 3, 1, 1)},
    {"AlexNet-CIFAR10 conv1", convolution(128, 16, 3, 32, 64, 11, 4, 5)},
    {"AlexNet-CIFAR10 conv2", convolution(128, 16, 64, 4, 192, 5, 1, 2)},
    {"AlexNet-CIFAR10 conv3", convolution(128, 16, 192, 2, 384, 3, 1, 1)},
};

/// Multiply-adds of the pass that are not with padding, for the whole batch as given (padding lanes are not work).
double usefulMacs(const OpDescriptor& d) {
    double y = 0, x = 0;
    for (uint32_t k = 0; k < d.kernelH; ++k)
        for (uint32_t o = 0; o < d.outHeight; ++o) y += o * d.strideH + k * d.dilationH - uint32_t(d.padH) < d.height;
    for (uint32_t k = 0; k < d.kernelW; ++k)
        for (uint32_t o = 0; o < d.outWidth; ++o) x += o * d.strideW + k * d.dilationW - uint32_t(d.padW) < d.width;
    return y * x * d.batch * d.outputs * (d.channels / d.groups);
}

/// How an op's tensors are stored: fp32, or block floating point of a word length.
struct Format {
    const char* name;
    uint32_t bits, word;
};

const Format formats[] = {{"f32", 32, 0}, {"i8 W8", 8, 8}, {"i16 W12", 16, 12}, {"i16 W16", 16, 16}};

/// An op with its operands, ready to run.
class Work {
public:
    Work(OpDescriptor d, unsigned pass, const Format& format) : d_(d) {
        d_.op = (d.op > 3 ? 4 : 1) + pass;
        d_.elementBits = format.bits;
        complete(d_);
        if (pass != 1) d_.flags |= kBias;
        d_.wordA = d_.wordB = d_.wordC = format.word;
        d_.shift = format.word;
        d_.rounding = 1;
        d_.statisticsLow = d.outputs;
        const size_t sizes[] = {topSize(d_), bottomSize(d_), weightSize(d_)};
        for (unsigned i = 0; i < 3; ++i) tensors_[i] = memory(sizes[i], format);
        bias_.assign(d.outputs + 4, 0);
        a_ = line(tensors_[pass == 2 ? 0 : 2]), b_ = line(tensors_[pass == 1 ? 0 : 1]), c_ = line(tensors_[pass]);
    }
    double seconds() {
        const double start = cpuSeconds();
        crema_engine(reinterpret_cast<const word*>(a_), reinterpret_cast<const word*>(b_), reinterpret_cast<word*>(c_), reinterpret_cast<word*>(bias_.data()), &d_, 1);
        return cpuSeconds() - start;
    }
    double macs() const { return usefulMacs(d_); }

private:
    /// The first whole line of memory, as buffers of a card begin.
    static uint32_t* line(std::vector<uint32_t>& memory) { return reinterpret_cast<uint32_t*>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64); }
    /// Numbers of every size, so that nothing is special about them.
    static std::vector<uint32_t> memory(size_t elements, const Format& format) {
        std::vector<uint32_t> to((elements * format.bits + 31) / 32 + 32);
        Random random(1);
        if (format.bits == 32)
            for (uint32_t& v : to) {
                const float f = float(random() % 1024) / 4096.0f - 0.125f;
                std::memcpy(&v, &f, 4);
            }
        else if (format.bits == 8)
            for (uint32_t& v : to) v = uint32_t(random());
        else
            for (uint32_t& v : to) {
                const int32_t low = int32_t(random()) >> (32 - format.word), high = int32_t(random()) >> (32 - format.word);
                v = (uint32_t(low) & 0xffff) | uint32_t(high) << 16;
            }
        return to;
    }
    OpDescriptor d_;
    std::vector<uint32_t> tensors_[3];
    std::vector<int64_t> bias_;
    const uint32_t *a_, *b_;
    uint32_t* c_;
};

/// GOP/s of every format that this build takes (0: not taken), measured in turns.
std::vector<double> measure(const OpDescriptor& d, unsigned pass, double budget) {
    std::vector<double> speeds;
    std::vector<std::pair<size_t, Work>> work;
    for (const Format& format : formats) {
        const uint32_t part = format.bits == 32 ? 1 : format.bits == 8 ? 2 : 4;
        if (CREMA_ELEMENTS & part) work.emplace_back(speeds.size(), Work(d, pass, format));
        speeds.push_back(0);
    }
    std::vector<double> least(speeds.size(), 1e9);
    double spent = 0;
    for (int i = 0; i < 3 || spent < budget * double(work.size()); ++i)
        for (auto& [index, op] : work) {
            const double time = op.seconds();
            least[index] = std::min(least[index], time), spent += time;
        }
    for (auto& [index, op] : work) speeds[index] = 2e-9 * op.macs() / least[index];
    return speeds;
}

int guard() {
    const double reference = peak(), reached = measure(convolution(32, 16, 32, 16, 32, 3, 1, 1), 0, 0.05)[0];
    std::printf("guard: %.1f of %.1f GFLOP/s (%.2f)\n", reached, reference, reached / reference);
    if (reached >= 0.3 * reference) return 0;
    std::printf("guard: the compiler did not vectorise the micro-kernel; check MT_ROWS, MT_BYTES and -mprefer-vector-width\n");
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    setThreads(1);
    const DenormalsFlushed mode;
    const char* only = "";
    int one = -1;
    const char* seconds = std::getenv("BENCH_SECONDS");
    const double budget = seconds ? std::atof(seconds) : 0.2;
    for (int i = 1; i < argc; ++i) {
        if (!std::strcmp(argv[i], "--guard")) return guard();
        if (argv[i][1] == 0 && argv[i][0] >= '0' && argv[i][0] <= '2') one = argv[i][0] - '0';
        else only = argv[i];
    }
    const double reference = peak();
    const char* const passes[] = {"forward", "data", "weights"};
    std::printf("peak %.1f GFLOP/s\n%-26s %-8s", reference, "GOP/s (ratio to f32)", "pass");
    for (const Format& format : formats) std::printf(" %15s", format.name);
    std::printf("\n");
    for (const Layer& layer : layers) {
        if (!std::strstr(layer.name, only)) continue;
        for (unsigned pass = 0; pass < 3; ++pass) {
            if (one >= 0 && unsigned(one) != pass) continue;
            const std::vector<double> speeds = measure(layer.d, pass, budget);
            std::printf("%-26s %-8s %7.1f (%4.0f%%)", layer.name, passes[pass], speeds[0], 100 * speeds[0] / reference);
            for (size_t i = 1; i < speeds.size(); ++i) std::printf(" %7.1f (%5.2f)", speeds[i], speeds[0] > 0 ? speeds[i] / speeds[0] : 0.0);
            std::printf("\n");
            std::fflush(stdout);
        }
    }
}
