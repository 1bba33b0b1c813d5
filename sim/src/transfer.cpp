// Read, write, copy, fill and migrate.
#include "objects.hpp"
#include <cstring>

namespace {

constexpr size_t kToCard = 0, kFromCard = 1;

// A zero-copy transfer has nothing to do and needs no worker.
void transfer(cl_command_queue queue, cl_command_type type, size_t direction, bool nothing, std::function<void()> copy, cl_uint waits, const cl_event *list, cl_event *event, bool blocking = false) {
    if (nothing) return enqueue({queue, type, nullptr, {}, {}}, waits, list, event, blocking);
    Command command{queue, type, queue->device->transferPool(), Units().set(direction), {}};
    command.work = [copy = std::move(copy)](size_t) {
        copy();
        return CL_COMPLETE;
    };
    enqueue(std::move(command), waits, list, event, blocking);
}

void checkBuffer(cl_command_queue queue, cl_mem mem, size_t offset, size_t size) {
    require(mem, CL_INVALID_MEM_OBJECT);
    if (mem->context.get() != queue->context.get()) throw Refusal(CL_INVALID_CONTEXT);
    if (size == 0 || offset > mem->size || size > mem->size - offset) throw Refusal(CL_INVALID_VALUE);
}

void readBuffer(_cl_mem &mem, const char *card, size_t offset, size_t size, void *target) {
    const char *host = mem.root().written ? nullptr : mem.hostAddressIfAny(); // as XRT: not on the card yet
    const char *source = host ? host : card;
    if (target != source + offset) std::memcpy(target, source + offset, size);
}

} // namespace

CREMA_CL cl_int CL_API_CALL clEnqueueReadBuffer(cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t offset, size_t size, void *pointer, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        checkBuffer(queue, mem, offset, size);
        if (!pointer) throw Refusal(CL_INVALID_VALUE);
        if (mem->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS)) throw Refusal(CL_INVALID_OPERATION);
        const char *card = mem->place(queue->device);
        transfer(queue, CL_COMMAND_READ_BUFFER, kFromCard, false, [mem = Hold<_cl_mem>(mem), card, offset, size, pointer] { readBuffer(*mem.get(), card, offset, size, pointer); }, waits, list, event, blocking);
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueWriteBuffer(cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t offset, size_t size, const void *pointer, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        checkBuffer(queue, mem, offset, size);
        if (!pointer) throw Refusal(CL_INVALID_VALUE);
        if (mem->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)) throw Refusal(CL_INVALID_OPERATION);
        char *card = mem->place(queue->device);
        transfer(queue, CL_COMMAND_WRITE_BUFFER, kToCard, false, [mem = Hold<_cl_mem>(mem), card, offset, size, pointer] {
            if (pointer != card + offset) std::memcpy(card + offset, pointer, size);
            mem->root().written = true;
        }, waits, list, event, blocking);
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueCopyBuffer(cl_command_queue queue, cl_mem source, cl_mem target, size_t from, size_t to, size_t size, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        checkBuffer(queue, source, from, size);
        checkBuffer(queue, target, to, size);
        const size_t begin = source->origin + from, other = target->origin + to;
        if (&source->root() == &target->root() && begin < other + size && other < begin + size) throw Refusal(CL_MEM_COPY_OVERLAP);
        const char *sourceCard = source->place(queue->device);
        char *targetCard = target->place(queue->device);
        transfer(queue, CL_COMMAND_COPY_BUFFER, kToCard, false, [source = Hold<_cl_mem>(source), target = Hold<_cl_mem>(target), sourceCard, targetCard, from, to, size] {
            std::memcpy(targetCard + to, sourceCard + from, size);
            target->root().written = true;
        }, waits, list, event);
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueFillBuffer(cl_command_queue queue, cl_mem mem, const void *pattern, size_t patternSize, size_t offset, size_t size, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        checkBuffer(queue, mem, offset, size);
        if (!pattern || patternSize == 0 || patternSize > 128 || (patternSize & (patternSize - 1)) || offset % patternSize || size % patternSize) throw Refusal(CL_INVALID_VALUE);
        const auto *first = static_cast<const char *>(pattern);
        char *card = mem->place(queue->device);
        transfer(queue, CL_COMMAND_FILL_BUFFER, kToCard, false, [mem = Hold<_cl_mem>(mem), card, offset, size, bytes = std::vector<char>(first, first + patternSize)] {
            for (size_t at = 0; at < size; at += bytes.size()) std::memcpy(card + offset + at, bytes.data(), bytes.size());
            mem->root().written = true;
        }, waits, list, event);
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueMigrateMemObjects(cl_command_queue queue, cl_uint count, const cl_mem *mems, cl_mem_migration_flags flags, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        if (count == 0 || !mems || (flags & ~cl_mem_migration_flags{CL_MIGRATE_MEM_OBJECT_HOST | CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED})) throw Refusal(CL_INVALID_VALUE);
        const bool toHost = flags & CL_MIGRATE_MEM_OBJECT_HOST, undefined = flags & CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
        struct Part {
            Hold<_cl_mem> mem;
            char *card, *host;
        };
        std::vector<Part> parts;
        bool nothing = true;
        for (cl_uint i = 0; i < count; i++) {
            checkBuffer(queue, mems[i], 0, mems[i] ? 1 : 0);
            char *card = mems[i]->place(queue->device);
            // Without host memory behind the buffer there is nothing to send; what comes back needs a place.
            char *host = toHost ? mems[i]->hostAddress() : mems[i]->hostAddressIfAny();
            if (!toHost && (undefined || !host)) continue;
            if (mems[i]->root().zeroCopy) mems[i]->root().written = true;
            else nothing = false;
            parts.push_back({mems[i], card, host});
        }
        transfer(queue, CL_COMMAND_MIGRATE_MEM_OBJECTS, toHost ? kFromCard : kToCard, nothing, [parts = std::move(parts), toHost] {
            for (const Part &part : parts) {
                if (part.card == part.host) continue;
                std::memcpy(toHost ? part.host : part.card, toHost ? part.card : part.host, part.mem->size);
                if (!toHost) part.mem->root().written = true;
            }
        }, waits, list, event);
    });
}
