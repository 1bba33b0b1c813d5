// A kernel launch in one call: its changed arguments and the enqueue, instead of a call from JavaScript for each.
// No OpenCL library is linked: the frame holds the addresses of the entry points of the one that the caller opened.
#include "../abi.hpp"
#include "entry.hpp"
#include <cstddef>

namespace {

using crema::entry;
using crema::handle;

using SetArgument = int32_t (*)(void *kernel, uint32_t index, size_t size, const void *value);
using EnqueueTask = int32_t (*)(void *queue, void *kernel, uint32_t waits, const uint64_t *list, uint64_t *event);

// The engine's signature: five buffers and a count.
constexpr int32_t kBuffers = 5;

} // namespace

// frame: clSetKernelArg, clEnqueueTask, queue, kernel, then the arguments (five buffers, the number of descriptors).
// Bit i of `changed`: argument i is to be set. Returns the OpenCL status and puts the command's event into *event;
// where an argument was refused, *event is its position, and where the enqueue was, the number of arguments.
CREMA_API int32_t crema_enqueue_launch(const uint64_t *frame, uint32_t changed, uint32_t waits, const uint64_t *list,
                                       uint64_t *event) {
    const auto set = entry<SetArgument>(frame[0]);
    const auto enqueue = entry<EnqueueTask>(frame[1]);
    void *const queue = handle(frame[2]);
    void *const kernel = handle(frame[3]);
    const uint64_t *arguments = frame + 4;
    for (int32_t i = 0; i <= kBuffers; ++i) {
        if ((changed >> i & 1u) == 0) continue;
        const auto count = static_cast<uint32_t>(arguments[i]);
        const int32_t status =
            i < kBuffers ? set(kernel, i, sizeof *arguments, &arguments[i]) : set(kernel, i, sizeof count, &count);
        if (status == 0) continue;
        *event = static_cast<uint64_t>(i);
        return status;
    }
    const int32_t status = enqueue(queue, kernel, waits, list, event);
    if (status != 0) *event = kBuffers + 1;
    return status;
}
