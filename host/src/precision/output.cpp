// The engine's output unit on the host: + bias, shift, round, saturate, ReLU; with max|sum| for the next exponent.
#include "../abi.hpp"
#include "../parallel.hpp"
#include "rounding.hpp"

#include <vector>

namespace {

using namespace crema;

constexpr int64_t kOutputChunk = 8192;

struct Request {
    const double *sums, *bias; // bias may be null
    const int32_t *shifts;     // one per row
    int64_t rows, inner;
    int word;
    DrawKey key;
    bool relu;
};

struct Counts {
    int64_t magnitude = 0, saturated = 0, underflowed = 0;
};

template <bool Stochastic, class Out> Counts chunk(const Request &r, int64_t begin, int64_t end, Out *target) {
    Counts counts;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = i / r.inner % r.rows;
        const int64_t acc = static_cast<int64_t>(r.sums[i]) + (r.bias ? static_cast<int64_t>(r.bias[row]) : 0);
        const int64_t rounded = roundShift<Stochastic>(acc, r.shifts[row], Stochastic ? draw(r.key, static_cast<uint32_t>(i)) : 0);
        const int64_t held = saturate(rounded, r.word);
        counts.magnitude = std::max(counts.magnitude, acc < 0 ? -acc : acc);
        counts.saturated += held != rounded;
        counts.underflowed += rounded == 0 && acc != 0;
        target[i] = static_cast<Out>(r.relu && held < 0 ? 0 : held);
    }
    return counts;
}

template <bool Stochastic, class Out> Counts run(const Request &r, int64_t count, Out *target) {
    const int64_t chunks = (count + kOutputChunk - 1) / kOutputChunk;
    std::vector<Counts> parts(static_cast<size_t>(chunks));
    parallelFor(chunks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++)
            parts[static_cast<size_t>(c)] = chunk<Stochastic>(r, c * kOutputChunk, std::min(count, (c + 1) * kOutputChunk), target);
    });
    Counts all;
    for (const Counts &part : parts) {
        all.magnitude = std::max(all.magnitude, part.magnitude);
        all.saturated += part.saturated;
        all.underflowed += part.underflowed;
    }
    return all;
}

template <class Out> Counts unit(const Request &r, bool stochastic, int64_t count, Out *target) {
    return stochastic ? run<true>(r, count, target) : run<false>(r, count, target);
}

} // namespace

// sums: [count / (rows * inner)][rows][inner] integers as doubles. bias: one integer per row, or null. shifts: one per row, 0..47.
// target: int8 (word <= 8) or int16. statistics: magnitude, saturated, underflowed.
CREMA_API void crema_output_unit(const double *sums, const double *bias, const int32_t *shifts, int64_t count, int64_t rows, int64_t inner,
                                 int32_t word, int32_t mode, uint32_t keyLow, uint32_t keyHigh, int32_t relu, void *target,
                                 double *statistics) {
    const Request request{sums, bias, shifts, rows, inner, word, {keyLow, keyHigh}, relu != 0};
    const Counts counts = word <= 8 ? unit(request, mode == 1, count, static_cast<int8_t *>(target))
                                    : unit(request, mode == 1, count, static_cast<int16_t *>(target));
    statistics[0] = static_cast<double>(counts.magnitude);
    statistics[1] = static_cast<double>(counts.saturated);
    statistics[2] = static_cast<double>(counts.underflowed);
}

// The rounding unit alone, element by element, with given draws: result[i] = saturate(roundShift(acc[i], shift[i], draws[i])).
CREMA_API void crema_round_shift_saturate(const double *acc, const int32_t *shift, const uint32_t *draws, int64_t count, int32_t word,
                                          int32_t mode, int16_t *result) {
    parallelFor(count, kOutputChunk, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            const auto value = static_cast<int64_t>(acc[i]);
            const int64_t rounded = mode == 1 ? roundShift<true>(value, shift[i], draws[i]) : roundShift<false>(value, shift[i], 0);
            result[i] = static_cast<int16_t>(saturate(rounded, word));
        }
    });
}
