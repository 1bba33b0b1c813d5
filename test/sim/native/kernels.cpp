// Demo kernels for the tests of the emulated card, in the form of an engine's shared object.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

static std::atomic<int> running{0}, most{0}, threads{0};

template <class T> static T at(void **args, int i) { return *static_cast<T *>(args[i]); }

extern "C" {
// c[i] = a[i] + b[i]
void crema_sim_call_vadd(void **args) {
    const auto *a = at<const float *>(args, 0);
    const auto *b = at<const float *>(args, 1);
    auto *c = at<float *>(args, 2);
    for (int i = 0; i < at<int32_t>(args, 3); i++) c[i] = a[i] + b[i];
}
// y[i] = x[i] * s
void crema_sim_call_scale(void **args) {
    const auto *x = at<const float *>(args, 0);
    auto *y = at<float *>(args, 1);
    for (int i = 0; i < at<int32_t>(args, 3); i++) y[i] = x[i] * at<float>(args, 2);
}
// Sleeps, then out[0] += 1, out[1] = most of these kernels that ran at once, out[2] = threads.
void crema_sim_call_nap(void **args) {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
    std::this_thread::sleep_for(std::chrono::milliseconds(at<int32_t>(args, 1)));
    auto *out = at<int32_t *>(args, 0);
    running--;
    if (!out) return;
    out[0]++;
    out[1] = most;
    out[2] = threads;
}
// x[index] = 1, wherever that is.
void crema_sim_call_poke(void **args) { at<volatile int32_t *>(args, 0)[at<int64_t>(args, 1)] = 1; }
void crema_sim_set_threads(int count) { threads = count; }
const char *crema_sim_manifest() { return "{}"; }
}
