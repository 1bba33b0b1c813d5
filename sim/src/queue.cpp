#include "info.hpp"
#include "objects.hpp"

namespace {

void drain(cl_command_queue queue) {
    require(queue, CL_INVALID_COMMAND_QUEUE);
    Hold<_cl_command_queue> hold(queue);
    uint64_t newest;
    {
        std::lock_guard<std::mutex> lock(schedulerMutex());
        newest = queue->newest;
    }
    await([&] { return queue->oldest.load(std::memory_order_acquire) > newest; });
}

cl_int synchronise(cl_command_queue queue, cl_command_type type, Command::After after, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        enqueue({queue, type, nullptr, {}, {}, after}, waits, list, event);
    });
}

} // namespace

CREMA_CL cl_command_queue CL_API_CALL clCreateCommandQueue(cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *error) {
    return created(error, [&] {
        require(context, CL_INVALID_CONTEXT);
        require(device, CL_INVALID_DEVICE);
        if (!context->has(device)) throw Refusal(CL_INVALID_DEVICE);
        if (properties & ~cl_command_queue_properties{CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE}) throw Refusal(CL_INVALID_VALUE);
        auto *queue = new _cl_command_queue;
        queue->context = context;
        queue->device = device;
        queue->properties = properties;
        return publish(queue);
    });
}

CREMA_CL cl_int CL_API_CALL clRetainCommandQueue(cl_command_queue queue) { return retain(queue, CL_INVALID_COMMAND_QUEUE); }
CREMA_CL cl_int CL_API_CALL clReleaseCommandQueue(cl_command_queue queue) { return release(queue, CL_INVALID_COMMAND_QUEUE); }
CREMA_CL cl_int CL_API_CALL clFinish(cl_command_queue queue) { return guarded([&] { drain(queue); }); }

// As XRT: clFlush waits until the queue is empty, so a hung compute unit blocks it too.
CREMA_CL cl_int CL_API_CALL clFlush(cl_command_queue queue) { return guarded([&] { drain(queue); }); }

CREMA_CL cl_int CL_API_CALL clGetCommandQueueInfo(cl_command_queue queue, cl_command_queue_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_QUEUE_CONTEXT: return answer.scalar<cl_context>(queue->context.get());
        case CL_QUEUE_DEVICE: return answer.scalar<cl_device_id>(queue->device);
        case CL_QUEUE_REFERENCE_COUNT: return answer.scalar<cl_uint>(queue->references);
        case CL_QUEUE_PROPERTIES: return answer.scalar<cl_command_queue_properties>(queue->properties);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint waits, const cl_event *list, cl_event *event) {
    return synchronise(queue, CL_COMMAND_MARKER, Command::After::Everything, waits, list, event);
}
CREMA_CL cl_int CL_API_CALL clEnqueueBarrierWithWaitList(cl_command_queue queue, cl_uint waits, const cl_event *list, cl_event *event) {
    return synchronise(queue, CL_COMMAND_BARRIER, Command::After::Barrier, waits, list, event);
}
CREMA_CL cl_int CL_API_CALL clEnqueueMarker(cl_command_queue queue, cl_event *event) {
    return event ? clEnqueueMarkerWithWaitList(queue, 0, nullptr, event) : CL_INVALID_VALUE;
}
CREMA_CL cl_int CL_API_CALL clEnqueueBarrier(cl_command_queue queue) { return clEnqueueBarrierWithWaitList(queue, 0, nullptr, nullptr); }
CREMA_CL cl_int CL_API_CALL clEnqueueWaitForEvents(cl_command_queue queue, cl_uint count, const cl_event *events) {
    return count ? clEnqueueBarrierWithWaitList(queue, count, events, nullptr) : CL_INVALID_VALUE;
}
