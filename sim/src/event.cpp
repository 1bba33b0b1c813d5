#include "info.hpp"
#include "objects.hpp"

CREMA_CL cl_int CL_API_CALL clRetainEvent(cl_event event) { return retain(event, CL_INVALID_EVENT); }
CREMA_CL cl_int CL_API_CALL clReleaseEvent(cl_event event) { return release(event, CL_INVALID_EVENT); }

CREMA_CL cl_int CL_API_CALL clWaitForEvents(cl_uint count, const cl_event *events) {
    return guarded([&] {
        if (count == 0 || !events) throw Refusal(CL_INVALID_VALUE);
        std::vector<Hold<_cl_event>> holds; // the application may release them meanwhile
        for (cl_uint i = 0; i < count; i++) {
            holds.emplace_back(require(events[i], CL_INVALID_EVENT));
            if (events[i]->context.get() != events[0]->context.get()) throw Refusal(CL_INVALID_CONTEXT);
        }
        await([&] {
            for (const auto &event : holds)
                if (event->status.load(std::memory_order_acquire) > 0) return false;
            return true;
        });
        for (const auto &event : holds)
            if (event->status < 0) throw Refusal(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    });
}

CREMA_CL cl_int CL_API_CALL clGetEventInfo(cl_event event, cl_event_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(event, CL_INVALID_EVENT);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_EVENT_COMMAND_QUEUE: return answer.scalar<cl_command_queue>(event->queue.get());
        case CL_EVENT_CONTEXT: return answer.scalar<cl_context>(event->context.get());
        case CL_EVENT_COMMAND_TYPE: return answer.scalar<cl_command_type>(event->type);
        case CL_EVENT_COMMAND_EXECUTION_STATUS: return answer.scalar<cl_int>(event->status.load(std::memory_order_acquire));
        case CL_EVENT_REFERENCE_COUNT: return answer.scalar<cl_uint>(event->references);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}

CREMA_CL cl_int CL_API_CALL clGetEventProfilingInfo(cl_event event, cl_profiling_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(event, CL_INVALID_EVENT);
        if (query < CL_PROFILING_COMMAND_QUEUED || query > CL_PROFILING_COMMAND_END) throw Refusal(CL_INVALID_VALUE);
        const bool profiled = event->queue && (event->queue->properties & CL_QUEUE_PROFILING_ENABLE);
        if (!profiled || event->status.load(std::memory_order_acquire) != CL_COMPLETE) throw Refusal(CL_PROFILING_INFO_NOT_AVAILABLE);
        Answer{capacity, value, needed}.scalar<cl_ulong>(event->times[query - CL_PROFILING_COMMAND_QUEUED]);
    });
}

CREMA_CL cl_int CL_API_CALL clSetEventCallback(cl_event event, cl_int at, void(CL_CALLBACK *function)(cl_event, cl_int, void *), void *data) {
    return guarded([&] {
        require(event, CL_INVALID_EVENT);
        if (!function || at < CL_COMPLETE || at > CL_SUBMITTED) throw Refusal(CL_INVALID_VALUE);
        Aftermath aftermath;
        {
            std::lock_guard<std::mutex> lock(schedulerMutex());
            event->callbacks.push_back({at, function, data});
            advance(*event, event->status, aftermath); // it may have got there already
        }
        aftermath.run();
    });
}

CREMA_CL cl_event CL_API_CALL clCreateUserEvent(cl_context context, cl_int *error) {
    return created(error, [&] {
        require(context, CL_INVALID_CONTEXT);
        auto *event = new _cl_event;
        event->context = context;
        event->type = CL_COMMAND_USER;
        event->status = CL_SUBMITTED;
        return publish(event);
    });
}

CREMA_CL cl_int CL_API_CALL clSetUserEventStatus(cl_event event, cl_int status) {
    return guarded([&] {
        require(event, CL_INVALID_EVENT);
        if (event->type != CL_COMMAND_USER) throw Refusal(CL_INVALID_EVENT);
        if (status > 0) throw Refusal(CL_INVALID_VALUE);
        Aftermath aftermath;
        {
            std::lock_guard<std::mutex> lock(schedulerMutex());
            if (event->status <= 0) throw Refusal(CL_INVALID_OPERATION);
            complete(event, status, aftermath);
        }
        aftermath.run();
    });
}
