// Batch normalisation (Ioffe and Szegedy 2015) in Caffe's form: no affine part. x lies as [blocks][channels][run],
// run = spatial size x lanes. Statistics are summed per row and then over rows in order; padding lanes stay out.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "../reduce.hpp"
#include "grain.hpp"

#include <cmath>
#include <vector>

namespace {

// Per channel: the pairs of sums over blocks of term(row, channel, valid lanes).
template <class Term>
std::vector<crema::Pair> channelSums(int64_t blocks, int64_t channels, int64_t run, int64_t lanes, int64_t batch, Term term) {
    std::vector<crema::Pair> rows(static_cast<size_t>(blocks * channels)), sums(static_cast<size_t>(channels), {0, 0});
    crema::parallelFor(blocks * channels, crema::grain(run), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++)
            rows[row] = term(row, row % channels, crema::validLanes(row / channels, lanes, batch));
    });
    for (int64_t row = 0; row < blocks * channels; row++) {
        sums[row % channels].a += rows[row].a;
        sums[row % channels].b += rows[row].b;
    }
    return sums;
}

// Zero where a lane is padding.
void clearPadding(float *row, int64_t run, int64_t lanes, int64_t valid) {
    for (int64_t i = 0; i < run; i += lanes)
        for (int64_t lane = valid; lane < lanes; lane++) row[i + lane] = 0;
}

} // namespace

// mean[c] and variance[c] (biased) of the batch.
CREMA_API void crema_batchnorm_statistics(const float *x, float *mean, float *variance, int64_t blocks, int64_t channels,
                                          int64_t run, int64_t lanes, int64_t batch) {
    const double count = static_cast<double>(batch) * static_cast<double>(run / lanes);
    // One pass: sums of x - pivot and of its square, with an element of the channel as the pivot so that nothing cancels.
    const auto sums = channelSums(blocks, channels, run, lanes, batch, [=](int64_t row, int64_t c, int64_t valid) {
        const float *in = x + row * run;
        const float pivot = x[c * run];
        return crema::sumPair(run, lanes, valid, [=](int64_t i, float &d, float &square) {
            d = in[i] - pivot;
            square = d * d;
        });
    });
    for (int64_t c = 0; c < channels; c++) {
        const double shift = sums[c].a / count;
        mean[c] = static_cast<float>(static_cast<double>(x[c * run]) + shift);
        variance[c] = static_cast<float>(std::max(0.0, sums[c].b / count - shift * shift));
    }
}

// y = (x - mean) * inverse, per channel; y may be x; `keep` (or NULL) receives a second copy.
CREMA_API void crema_batchnorm_normalize(const float *x, const float *mean, const float *inverse, float *y, float *keep,
                                         int64_t blocks, int64_t channels, int64_t run) {
    crema::parallelFor(blocks * channels, crema::grain(run), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float m = mean[row % channels], s = inverse[row % channels];
            const float *in = x + row * run;
            float *out = y + row * run;
#pragma GCC ivdep
            for (int64_t i = 0; i < run; i++) out[i] = (in[i] - m) * s;
            if (keep) std::copy(out, out + run, keep + row * run);
        }
    });
}

// The gradient through the batch's own statistics: dx = (dy - mean(dy) - mean(dy y) y) * inverse, where
// y = (source - mean) * inverse; pass mean 0 and unit 1 per channel where `source` is y already. dx may be dy.
CREMA_API void crema_batchnorm_backward(const float *source, const float *mean, const float *unit, const float *inverse,
                                        const float *dy, float *dx, int64_t blocks, int64_t channels, int64_t run,
                                        int64_t lanes, int64_t batch) {
    const double count = static_cast<double>(batch) * static_cast<double>(run / lanes);
    const auto sums = channelSums(blocks, channels, run, lanes, batch, [=](int64_t row, int64_t c, int64_t valid) {
        const float *g = dy + row * run, *in = source + row * run;
        const float m = mean[c], s = unit[c];
        return crema::sumPair(run, lanes, valid, [=](int64_t i, float &first, float &product) {
            first = g[i];
            product = g[i] * ((in[i] - m) * s);
        });
    });
    crema::parallelFor(blocks * channels, crema::grain(run), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const int64_t c = row % channels, valid = crema::validLanes(row / channels, lanes, batch);
            const float m = mean[c], s = unit[c], scale = inverse[c];
            const float dyMean = static_cast<float>(sums[c].a / count), dyyMean = static_cast<float>(sums[c].b / count);
            const float *g = dy + row * run, *in = source + row * run;
            float *out = dx + row * run;
#pragma GCC ivdep
            for (int64_t i = 0; i < run; i++) out[i] = (g[i] - dyMean - dyyMean * ((in[i] - m) * s)) * scale;
            if (valid < lanes) clearPadding(out, run, lanes, valid);
        }
    });
}
