// Running sums of gradient diversity: one pass adds a gradient to the window's sum and gives its squared norm and the sum's.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>
#include <vector>

namespace {

constexpr int64_t kGradientChunk = 8192;

struct Squares {
    double gradient = 0, sum = 0;
};

// Eight double sums by position, added in a fixed order; chunks of fixed size, so that threads do not change a bit.
Squares chunk(const float *gradient, float *sum, bool first, int64_t begin, int64_t end) {
    double g[8] = {}, s[8] = {};
    const auto one = [&](int64_t i, int lane) {
        const float x = gradient[i], total = first ? x : sum[i] + x;
        sum[i] = total;
        g[lane] += static_cast<double>(x) * x;
        s[lane] += static_cast<double>(total) * total;
    };
    int64_t i = begin;
    for (; i + 8 <= end; i += 8)
        for (int lane = 0; lane < 8; lane++) one(i + lane, lane);
    for (; i < end; i++) one(i, 0);
    const auto folded = [](const double *v) { return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])); };
    return {folded(g), folded(s)};
}

} // namespace

// sum += gradient (sum = gradient where `first`); squares[0] = squared norm of the gradient, squares[1] = of the new sum.
CREMA_API void crema_diversity_add(const float *gradient, float *sum, int64_t count, int32_t first, double *squares) {
    const int64_t chunks = (count + kGradientChunk - 1) / kGradientChunk;
    std::vector<Squares> parts(static_cast<size_t>(chunks));
    crema::parallelFor(chunks, 4, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++)
            parts[static_cast<size_t>(c)] = chunk(gradient, sum, first != 0, c * kGradientChunk, std::min(count, (c + 1) * kGradientChunk));
    });
    squares[0] = squares[1] = 0;
    for (const Squares &part : parts) {
        squares[0] += part.gradient;
        squares[1] += part.sum;
    }
}
