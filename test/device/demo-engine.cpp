// A kernel with the engine's signature and nothing of its arithmetic: for each descriptor c[at + i] = a[at + i] * factor + b[at + i] + bias[0].
// Word 0 of a descriptor is the factor, 1 the count, 2 the offset; factor 666 never returns, so that deadlines can be tested.
#include <cstdint>
#include <ctime>

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void crema_sim_call_crema_engine(void **args) {
    const float *a = *static_cast<const float **>(args[0]);
    const float *b = *static_cast<const float **>(args[1]);
    float *c = *static_cast<float **>(args[2]);
    const float *bias = *static_cast<const float **>(args[3]);
    const uint32_t *ops = *static_cast<const uint32_t **>(args[4]);
    const uint32_t count = *static_cast<const uint32_t *>(args[5]);
    for (uint32_t k = 0; k < count; ++k, ops += 64) {
        while (ops[0] == 666) {
            const timespec nap{0, 10'000'000};
            nanosleep(&nap, nullptr);
        }
        for (uint32_t i = ops[2]; i < ops[2] + ops[1]; ++i) c[i] = a[i] * static_cast<float>(ops[0]) + b[i] + bias[0];
    }
}

EXPORT void crema_sim_set_threads(int) {}
EXPORT const char *crema_sim_manifest() { return R"({"abi":1,"config":"demo","kernels":["crema_engine"]})"; }
