// What the FFI tests call.
#include <stdint.h>
#include <string.h>

int32_t probe_i32(int32_t x) { return x; }
uint32_t probe_u32(uint32_t x) { return x; }
int64_t probe_i64(int64_t x) { return x; }
uint64_t probe_u64(uint64_t x) { return x; }
size_t probe_size(size_t x) { return x; }
float probe_f32(float x) { return x; }
double probe_f64(double x) { return x; }
void *probe_pointer(void *p) { return p; }
void probe_void(void) {}
float probe_first(const float *p) { return p[0]; }
void probe_fill(float *p, int64_t count, float value) {
    for (int64_t i = 0; i < count; i++) p[i] = value;
}
void probe_out(uint64_t *handle, int32_t *code) {
    *handle = 0xfedcba9876543210u;
    *code = -5;
}
const char *probe_text(void) { return "cr\xc3\xa8me"; }
static float held[4] = {1, 2, 3, 4};
float *probe_held(void) { return held; }
// The shape of clEnqueueNDRangeKernel.
int32_t probe_nine(void *queue, void *kernel, uint32_t dims, const size_t *offset, const size_t *global, const size_t *local, uint32_t waits,
                   const void *list, uint64_t *event) {
    (void)dims, (void)offset, (void)local, (void)list, (void)waits;
    if (event) *event = (uintptr_t)queue + (uintptr_t)kernel + global[0];
    return 0;
}
// The shape of a host layer: three tensors, six integers of geometry, two floats.
double probe_layer(const float *a, const float *b, float *c, int64_t n, int64_t ch, int64_t h, int64_t w, int64_t lanes, int64_t batch, float x, float y) {
    if (c) c[0] = a[0] + b[0];
    return (double)(n + 2 * ch + 3 * h + 4 * w + 5 * lanes + 6 * batch) + x + y;
}
int64_t probe_call(int64_t (*f)(int64_t), int64_t x) { return f(x); }
int32_t probe_stack(int32_t kilobytes) {
    volatile char big[6 * 1024 * 1024];
    for (int32_t i = 0; i < kilobytes; i++) big[i * 1024] = (char)i;
    return big[(kilobytes - 1) * 1024] == (char)(kilobytes - 1);
}
