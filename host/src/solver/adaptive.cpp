// The rules that scale each element by its own history of squares, one fused pass each.
#include "../abi.hpp"
#include "rule.hpp"

#include <cmath>

namespace {

// Duchi et al., JMLR 12 (2011): history is the sum of squared gradients.
struct AdaGrad {
    float *__restrict weight;
    const float *__restrict diff;
    float *__restrict history;
    float scale, decay, rate, delta;

    template <int Power> inline void at(int64_t i) const {
        const float g = crema::gradientOf<Power>(diff[i], weight[i], scale, decay);
        const float sum = history[i] + g * g;
        history[i] = sum;
        weight[i] -= rate * (g / (std::sqrt(sum) + delta));
    }
};

// Tieleman and Hinton (2012): history is a running mean of squared gradients.
struct RmsProp {
    float *__restrict weight;
    const float *__restrict diff;
    float *__restrict history;
    float scale, decay, rate, delta, keep;

    template <int Power> inline void at(int64_t i) const {
        const float g = crema::gradientOf<Power>(diff[i], weight[i], scale, decay);
        const float mean = (1.0f - keep) * (g * g) + keep * history[i];
        history[i] = mean;
        weight[i] -= rate * (g / (std::sqrt(mean) + delta));
    }
};

// Zeiler, arXiv:1212.5701: running means of squared gradients and of squared steps.
struct AdaDelta {
    float *__restrict weight;
    const float *__restrict diff;
    float *__restrict gradients;
    float *__restrict steps;
    float scale, decay, rate, delta, keep;

    template <int Power> inline void at(int64_t i) const {
        const float g = crema::gradientOf<Power>(diff[i], weight[i], scale, decay);
        const float mean = (1.0f - keep) * (g * g) + keep * gradients[i];
        gradients[i] = mean;
        const float step = g * std::sqrt((steps[i] + delta) / (mean + delta));
        steps[i] = (1.0f - keep) * (step * step) + keep * steps[i];
        weight[i] -= rate * step;
    }
};

// Kingma and Ba, arXiv:1412.6980; `rate` already holds the bias correction.
struct Adam {
    float *__restrict weight;
    const float *__restrict diff;
    float *__restrict first;
    float *__restrict second;
    float scale, decay, rate, delta, beta1, beta2;

    template <int Power> inline void at(int64_t i) const {
        const float g = crema::gradientOf<Power>(diff[i], weight[i], scale, decay);
        const float m = (1.0f - beta1) * g + beta1 * first[i];
        const float v = (1.0f - beta2) * (g * g) + beta2 * second[i];
        first[i] = m;
        second[i] = v;
        weight[i] -= rate * (m / (std::sqrt(v) + delta));
    }
};

} // namespace

CREMA_API void crema_update_adagrad(float *weight, const float *diff, float *history, int64_t count, float scale, int32_t power,
                                    float decay, float rate, float delta) {
    crema::updatePass(count, power, AdaGrad{weight, diff, history, scale, decay, rate, delta});
}

CREMA_API void crema_update_rmsprop(float *weight, const float *diff, float *history, int64_t count, float scale, int32_t power,
                                    float decay, float rate, float delta, float keep) {
    crema::updatePass(count, power, RmsProp{weight, diff, history, scale, decay, rate, delta, keep});
}

CREMA_API void crema_update_adadelta(float *weight, const float *diff, float *gradients, float *steps, int64_t count, float scale,
                                     int32_t power, float decay, float rate, float delta, float keep) {
    crema::updatePass(count, power, AdaDelta{weight, diff, gradients, steps, scale, decay, rate, delta, keep});
}

CREMA_API void crema_update_adam(float *weight, const float *diff, float *first, float *second, int64_t count, float scale,
                                 int32_t power, float decay, float rate, float delta, float beta1, float beta2) {
    crema::updatePass(count, power, Adam{weight, diff, first, second, scale, decay, rate, delta, beta1, beta2});
}
