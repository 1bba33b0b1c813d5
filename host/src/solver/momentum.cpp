// SGD with momentum and Nesterov's accelerated gradient, as one fused pass: read diff, read and write weight and history.
#include "../abi.hpp"
#include "rule.hpp"

namespace {

struct Sgd {
    float *__restrict weight;
    const float *__restrict diff;
    float *__restrict history;
    float scale, decay, rate, momentum;

    template <int Power> inline void at(int64_t i) const {
        const float step = rate * crema::gradientOf<Power>(diff[i], weight[i], scale, decay) + momentum * history[i];
        history[i] = step;
        weight[i] -= step;
    }
};

struct Nesterov {
    float *__restrict weight;
    const float *__restrict diff;
    float *__restrict history;
    float scale, decay, rate, momentum;

    template <int Power> inline void at(int64_t i) const {
        const float before = history[i];
        const float step = rate * crema::gradientOf<Power>(diff[i], weight[i], scale, decay) + momentum * before;
        history[i] = step;
        weight[i] -= (1.0f + momentum) * step - momentum * before;
    }
};

} // namespace

CREMA_API void crema_update_sgd(float *weight, const float *diff, float *history, int64_t count, float scale, int32_t power,
                                float decay, float rate, float momentum) {
    crema::updatePass(count, power, Sgd{weight, diff, history, scale, decay, rate, momentum});
}

CREMA_API void crema_update_nesterov(float *weight, const float *diff, float *history, int64_t count, float scale, int32_t power,
                                     float decay, float rate, float momentum) {
    crema::updatePass(count, power, Nesterov{weight, diff, history, scale, decay, rate, momentum});
}
