// A list of commands on its way from JavaScript to OpenCL. Words of 32 bits; 64-bit values take two, the lower first:
//   every command  kind, number of events it waits for, their places in the table of events
//   migrate        flags, number of buffers, their handles (64 bits each)
//   task           kernel (64 bits), mask of its arguments that changed, and those: five buffers (64 bits), the number of descriptors
#include "enqueue.hpp"
#include <vector>

namespace {

using crema::entry;
using crema::handle;
using crema::Refusal;
using crema::Session;

using SetArgument = int32_t (*)(void *kernel, uint32_t index, size_t size, const void *value);
using EnqueueTask = int32_t (*)(void *queue, void *kernel, uint32_t waits, const uint64_t *list, uint64_t *event);
using EnqueueMarker = int32_t (*)(void *queue, uint32_t waits, const uint64_t *list, uint64_t *event);
using EnqueueMigrate = int32_t (*)(void *queue, uint32_t count, const uint64_t *buffers, uint64_t flags, uint32_t waits,
                                   const uint64_t *list, uint64_t *event);

enum Kind : uint32_t { kMarker, kMigrate, kTask };

// The engine's signature: five buffers and a count.
constexpr uint32_t kBuffers = 5;

struct Reader {
    const uint32_t *at;
    uint32_t word() { return *at++; }
    uint64_t wide() {
        const uint64_t low = word();
        return low | static_cast<uint64_t>(word()) << 32;
    }
};

/** Sets the arguments that changed; of one that is refused, `argument` is the position. */
int32_t setArguments(const Session &session, Reader &list, void *kernel, int32_t &argument) {
    const auto set = entry<SetArgument>(session.setKernelArg);
    const uint32_t changed = list.word();
    for (uint32_t i = 0; i <= kBuffers; ++i) {
        if ((changed >> i & 1u) == 0) continue;
        argument = static_cast<int32_t>(i);
        const uint64_t value = i < kBuffers ? list.wide() : list.word();
        const auto count = static_cast<uint32_t>(value);
        const int32_t status = i < kBuffers ? set(kernel, i, sizeof value, &value) : set(kernel, i, sizeof count, &count);
        if (status != 0) return status;
    }
    argument = -1;
    return 0;
}

} // namespace

namespace crema {

int32_t enqueue(const Session &session, const uint32_t *list, int32_t count, uint64_t *events, int32_t first, Refusal &refusal) {
    void *const queue = handle(session.queue);
    Reader reader{list};
    std::vector<uint64_t> waits, buffers;
    for (int32_t i = 0; i < count; ++i) {
        const uint32_t kind = reader.word();
        waits.resize(reader.word());
        for (uint64_t &event : waits) event = events[reader.word()];
        const auto number = static_cast<uint32_t>(waits.size());
        const uint64_t *const after = number > 0 ? waits.data() : nullptr;
        uint64_t *const event = &events[first + i];
        int32_t status = 0, argument = -1;
        if (kind == kTask) {
            void *const kernel = handle(reader.wide());
            status = setArguments(session, reader, kernel, argument);
            if (status == 0) status = entry<EnqueueTask>(session.enqueueTask)(queue, kernel, number, after, event);
        } else if (kind == kMigrate) {
            const uint32_t flags = reader.word();
            buffers.resize(reader.word());
            for (uint64_t &buffer : buffers) buffer = reader.wide();
            const auto migrate = entry<EnqueueMigrate>(session.enqueueMigrate);
            status = migrate(queue, static_cast<uint32_t>(buffers.size()), buffers.data(), flags, number, after, event);
        } else {
            status = entry<EnqueueMarker>(session.enqueueMarker)(queue, number, after, event);
        }
        if (status == 0) continue;
        refusal = {status, i, argument};
        return i;
    }
    return count;
}

} // namespace crema
