// clCreateBuffer and the other calls that make, describe and release buffers.
#include "arena.hpp"
#include "info.hpp"
#include "objects.hpp"
#include <algorithm>
#include <cstring>

namespace {

constexpr cl_mem_flags kAccess = CL_MEM_READ_WRITE | CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY;
constexpr cl_mem_flags kHostAccess = CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS;
constexpr cl_mem_flags kPointer = CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR | CL_MEM_ALLOC_HOST_PTR;

bool several(cl_mem_flags bits) { return (bits & (bits - 1)) != 0; }

void checkFlags(cl_mem_flags flags) {
    const bool bad = (flags & ~(kAccess | kHostAccess | kPointer | kExtPtrXilinx)) || several(flags & kAccess) || several(flags & kHostAccess) ||
                     ((flags & CL_MEM_USE_HOST_PTR) && (flags & (CL_MEM_COPY_HOST_PTR | CL_MEM_ALLOC_HOST_PTR)));
    if (bad) throw Refusal(CL_INVALID_VALUE, "clCreateBuffer: flags contradict each other or are unknown (bit 31 must be passed as an unsigned 64-bit value)");
}

// Where the Xilinx structure wants the buffer: a bank by index, by the older one-bit-per-bank form, or "the bank of
// argument n of kernel k".
int wantedBank(const ExtPtr &ext) {
    const cl_uint low = ext.flags & ~(kExtTopology | kExtP2p | kExtHostOnly);
    if (ext.flags & kExtTopology) return static_cast<int>(low & 0xffff);
    if (ext.param) {
        auto *kernel = require(static_cast<cl_kernel>(ext.param), CL_INVALID_KERNEL);
        const Xclbin &xclbin = kernel->program->image->xclbin;
        if (low >= kernel->info().args.size()) throw Refusal(CL_INVALID_ARG_INDEX);
        const auto &wiring = xclbin.computeUnits[kernel->computeUnits.front()].wiring;
        const auto found = wiring.find(low);
        return found == wiring.end() ? -1 : found->second.front();
    }
    for (int bank = 0; bank < 16; bank++)
        if (low == 1u << bank) return bank;
    return -1;
}

uint64_t largestBank(_cl_context &context) {
    uint64_t largest = 0;
    for (cl_device_id device : context.devices) {
        std::lock_guard<std::mutex> lock(device->mutex);
        for (const Bank &bank : device->banks()) largest = std::max(largest, bank.bytes);
    }
    return largest;
}

std::string newLabel(size_t bytes) {
    static std::atomic<uint64_t> count{0};
    return "buffer " + std::to_string(++count) + " (" + std::to_string(bytes) + " bytes)";
}

} // namespace

CREMA_CL cl_mem CL_API_CALL clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *pointer, cl_int *error) {
    return created(error, [&] {
        require(context, CL_INVALID_CONTEXT);
        checkFlags(flags);
        ExtPtr ext{0, pointer, nullptr};
        if (flags & kExtPtrXilinx) {
            if (!pointer) throw Refusal(CL_INVALID_HOST_PTR);
            std::memcpy(&ext, pointer, sizeof ext);
        }
        if (size == 0) throw Refusal(CL_INVALID_BUFFER_SIZE);
        if (((flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)) != 0) != (ext.obj != nullptr)) throw Refusal(CL_INVALID_HOST_PTR);
        auto mem = std::make_unique<_cl_mem>();
        mem->context = context;
        mem->size = size;
        mem->flags = flags;
        mem->label = newLabel(size);
        if (size > largestBank(*context)) throw Refusal(CL_OUT_OF_RESOURCES, mem->label + " is larger than any memory bank of the card");
        const bool aligned = reinterpret_cast<uintptr_t>(ext.obj) % kPage == 0;
        mem->zeroCopy = memoryMode() == MemoryMode::Shared || (ext.flags & (kExtP2p | kExtHostOnly));
        if (flags & CL_MEM_USE_HOST_PTR) {
            mem->userPointer = ext.obj;
            mem->host = static_cast<char *>(ext.obj);
            if (!aligned) {
                report(mem->label + ": host pointer is not aligned to 4096 bytes: extra copy");
                mem->zeroCopy = false;
            }
        } else if (flags & CL_MEM_COPY_HOST_PTR) {
            std::memcpy(mem->hostAddress(), ext.obj, size);
        }
        if (flags & kExtPtrXilinx) mem->bank = wantedBank(ext);
        if (mem->bank >= 0) {
            if (context->devices.size() > 1) return publish(mem.release());
            try {
                mem->place(context->devices.front());
            } catch (const Refusal &refusal) { // a bank asked for by name is checked at once
                throw Refusal(CL_OUT_OF_RESOURCES, refusal.message);
            }
        }
        return publish(mem.release());
    });
}

CREMA_CL cl_mem CL_API_CALL clCreateSubBuffer(cl_mem parent, cl_mem_flags flags, cl_buffer_create_type type, const void *info, cl_int *error) {
    return created(error, [&] {
        require(parent, CL_INVALID_MEM_OBJECT);
        if (parent->parent) throw Refusal(CL_INVALID_MEM_OBJECT, "clCreateSubBuffer: a sub-buffer has no sub-buffers");
        if (type != CL_BUFFER_CREATE_TYPE_REGION || !info || (flags & ~(kAccess | kHostAccess)) || several(flags & kAccess)) throw Refusal(CL_INVALID_VALUE);
        const auto &region = *static_cast<const cl_buffer_region *>(info);
        if (region.size == 0) throw Refusal(CL_INVALID_BUFFER_SIZE);
        if (region.origin > parent->size || region.size > parent->size - region.origin) throw Refusal(CL_INVALID_VALUE);
        if (region.origin % kPage) throw Refusal(CL_MISALIGNED_SUB_BUFFER_OFFSET, "clCreateSubBuffer: origin " + std::to_string(region.origin) + " is not a multiple of 4096");
        auto *mem = new _cl_mem;
        mem->context = parent->context;
        mem->parent = parent;
        mem->origin = region.origin;
        mem->size = region.size;
        mem->flags = (flags & kAccess ? flags : flags | (parent->flags & kAccess)) | (parent->flags & kPointer);
        mem->label = "sub-buffer of " + parent->label;
        return publish(mem);
    });
}

CREMA_CL cl_int CL_API_CALL clRetainMemObject(cl_mem mem) { return retain(mem, CL_INVALID_MEM_OBJECT); }
CREMA_CL cl_int CL_API_CALL clReleaseMemObject(cl_mem mem) { return release(mem, CL_INVALID_MEM_OBJECT); }

CREMA_CL cl_int CL_API_CALL clSetMemObjectDestructorCallback(cl_mem mem, void(CL_CALLBACK *function)(cl_mem, void *), void *data) {
    return guarded([&] {
        require(mem, CL_INVALID_MEM_OBJECT);
        if (!function) throw Refusal(CL_INVALID_VALUE);
        std::lock_guard<std::mutex> lock(mem->mutex);
        mem->destructors.emplace_back(function, data);
    });
}

CREMA_CL cl_int CL_API_CALL clGetMemObjectInfo(cl_mem mem, cl_mem_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(mem, CL_INVALID_MEM_OBJECT);
        const Answer answer{capacity, value, needed};
        _cl_mem &root = mem->root();
        switch (query) {
        case CL_MEM_TYPE: return answer.scalar<cl_mem_object_type>(CL_MEM_OBJECT_BUFFER);
        case CL_MEM_FLAGS: return answer.scalar<cl_mem_flags>(mem->flags);
        case CL_MEM_SIZE: return answer.scalar<size_t>(mem->size);
        case CL_MEM_HOST_PTR: return answer.scalar<void *>(root.userPointer ? static_cast<char *>(root.userPointer) + mem->origin : nullptr);
        case CL_MEM_MAP_COUNT: {
            std::lock_guard<std::mutex> lock(mem->mutex);
            return answer.scalar<cl_uint>(static_cast<cl_uint>(mem->mappings.size()));
        }
        case CL_MEM_REFERENCE_COUNT: return answer.scalar<cl_uint>(mem->references);
        case CL_MEM_CONTEXT: return answer.scalar<cl_context>(mem->context.get());
        case CL_MEM_ASSOCIATED_MEMOBJECT: return answer.scalar<cl_mem>(mem->parent.get());
        case CL_MEM_OFFSET: return answer.scalar<size_t>(mem->origin);
        case kMemBankXilinx: {
            std::lock_guard<std::mutex> lock(root.mutex);
            if (!root.device) throw Refusal(CL_INVALID_VALUE);
            return answer.scalar<int>(root.bank);
        }
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}
