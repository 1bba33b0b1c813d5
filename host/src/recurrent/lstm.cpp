// One time step of an LSTM, forward and backward; LSTMUnit is exactly this. Gates lie as [streams][4][units]: input, forget,
// output, candidate. cont[n] = 0 begins a new sequence in stream n.
#include "../abi.hpp"
#include "../elementwise/functions.hpp"
#include "../parallel.hpp"

#include <algorithm>

using namespace crema;

namespace {
int64_t grainOf(int64_t units) { return std::max<int64_t>(1, 4096 / std::max<int64_t>(1, units)); }
} // namespace

// In: gates before activation, plus `recurrent` and `fixed` (each may be null). Out: gates activated (the forget gate times cont),
// cell and hidden. Hochreiter, Schmidhuber, Neural Computation 1997, with forget gates.
CREMA_API void crema_lstm_step_forward(int64_t streams, int64_t units, const float *cont, float *gates,
                                       const float *recurrent, const float *fixed, const float *previous, float *cell,
                                       float *hidden) {
    parallelFor(streams, grainOf(units), [=](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; n++) {
            float *g = gates + n * 4 * units;
            for (int64_t j = 0; recurrent && j < 4 * units; j++) g[j] += recurrent[n * 4 * units + j];
            for (int64_t j = 0; fixed && j < 4 * units; j++) g[j] += fixed[n * 4 * units + j];
            float *forget = g + units, *output = g + 2 * units, *candidate = g + 3 * units;
            const float keep = cont[n];
            const float *before = previous + n * units;
            float *c = cell + n * units, *h = hidden + n * units;
            for (int64_t d = 0; d < units; d++) g[d] = sigmoid(g[d]);
            for (int64_t d = 0; d < units; d++) forget[d] = keep == 0 ? 0.0f : keep * sigmoid(forget[d]);
            for (int64_t d = 0; d < units; d++) output[d] = sigmoid(output[d]);
            for (int64_t d = 0; d < units; d++) candidate[d] = hyperbolicTangent(candidate[d]);
            for (int64_t d = 0; d < units; d++) {
                c[d] = forget[d] * before[d] + g[d] * candidate[d];
                h[d] = output[d] * hyperbolicTangent(c[d]);
            }
        }
    });
}

// gates: as forward left them. cellDiff: gradient of the cell from later steps, replaced by the gradient of the previous cell
// in `previousDiff` (may be the same memory).
CREMA_API void crema_lstm_step_backward(int64_t streams, int64_t units, const float *gates, const float *previous,
                                        const float *cell, const float *cellDiff, const float *hiddenDiff,
                                        float *gatesDiff, float *previousDiff) {
    parallelFor(streams, grainOf(units), [=](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; n++) {
            const float *g = gates + n * 4 * units;
            float *dg = gatesDiff + n * 4 * units;
#pragma GCC ivdep
            for (int64_t d = 0; d < units; d++) {
                const float i = g[d], f = g[units + d], o = g[2 * units + d], a = g[3 * units + d];
                const float squashed = hyperbolicTangent(cell[n * units + d]);
                const float dh = hiddenDiff[n * units + d];
                const float dc = cellDiff[n * units + d] + dh * o * (1.0f - squashed * squashed);
                dg[d] = dc * a * i * (1.0f - i);
                dg[units + d] = dc * previous[n * units + d] * f * (1.0f - f);
                dg[2 * units + d] = dh * squashed * o * (1.0f - o);
                dg[3 * units + d] = dc * i * (1.0f - a * a);
                previousDiff[n * units + d] = dc * f;
            }
        }
    });
}

// y[n] = scale[n] * x[n], rows of `units`; y may be x.
CREMA_API void crema_scale_rows(int64_t rows, int64_t units, const float *scale, const float *x, float *y) {
    parallelFor(rows, grainOf(units), [=](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; n++)
            for (int64_t d = 0; d < units; d++) y[n * units + d] = scale[n] * x[n * units + d];
    });
}
