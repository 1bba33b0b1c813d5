// Map and unmap: the pointer is the host memory behind the buffer.
#include "objects.hpp"
#include <algorithm>
#include <cstring>

CREMA_CL void *CL_API_CALL clEnqueueMapBuffer(cl_command_queue queue, cl_mem mem, cl_bool blocking, cl_map_flags flags, size_t offset, size_t size, cl_uint waits, const cl_event *list, cl_event *event, cl_int *error) {
    return created(error, [&]() -> void * {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        require(mem, CL_INVALID_MEM_OBJECT);
        if (mem->context.get() != queue->context.get()) throw Refusal(CL_INVALID_CONTEXT);
        constexpr cl_map_flags known = CL_MAP_READ | CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION;
        if (size == 0 || offset > mem->size || size > mem->size - offset || (flags & ~known)) throw Refusal(CL_INVALID_VALUE);
        if (((flags & CL_MAP_READ) && (mem->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS))) || ((flags & ~cl_map_flags{CL_MAP_READ}) && (mem->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS))))
            throw Refusal(CL_INVALID_OPERATION);
        const char *card = mem->place(queue->device) + offset;
        char *host = mem->hostAddress() + offset;
        const bool nothing = host == card || (flags & CL_MAP_WRITE_INVALIDATE_REGION);
        Command command{queue, CL_COMMAND_MAP_BUFFER, nothing ? nullptr : queue->device->transferPool(), Units().set(1), {}};
        command.work = [mem = Hold<_cl_mem>(mem), card, host, size](size_t) {
            if (mem->root().written) std::memcpy(host, card, size); // else the host's bytes are the newest
            return CL_COMPLETE;
        };
        {
            std::lock_guard<std::mutex> lock(mem->mutex);
            mem->mappings.push_back({host, offset, size, flags});
        }
        try {
            enqueue(std::move(command), waits, list, event, blocking);
        } catch (...) {
            std::lock_guard<std::mutex> lock(mem->mutex);
            mem->mappings.pop_back();
            throw;
        }
        return host;
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem mem, void *pointer, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        require(mem, CL_INVALID_MEM_OBJECT);
        if (mem->context.get() != queue->context.get()) throw Refusal(CL_INVALID_CONTEXT);
        Mapping mapping;
        {
            std::lock_guard<std::mutex> lock(mem->mutex);
            const auto found = std::find_if(mem->mappings.begin(), mem->mappings.end(), [&](const Mapping &m) { return m.pointer == pointer; });
            if (found == mem->mappings.end()) throw Refusal(CL_INVALID_VALUE);
            mapping = *found;
            mem->mappings.erase(found);
        }
        char *card = mem->place(queue->device) + mapping.offset;
        const bool nothing = card == mapping.pointer || mapping.flags == CL_MAP_READ;
        Command command{queue, CL_COMMAND_UNMAP_MEM_OBJECT, nothing ? nullptr : queue->device->transferPool(), Units().set(0), {}};
        command.work = [mem = Hold<_cl_mem>(mem), card, mapping](size_t) {
            std::memcpy(card, mapping.pointer, mapping.bytes);
            mem->root().written = true;
            return CL_COMPLETE;
        };
        enqueue(std::move(command), waits, list, event);
    });
}
