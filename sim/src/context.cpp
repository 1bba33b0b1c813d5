#include "info.hpp"
#include "platform.hpp"
#include <algorithm>

bool _cl_context::has(cl_device_id device) const { return std::find(devices.begin(), devices.end(), device) != devices.end(); }

namespace {

// A list of (name, value) pairs closed by 0; the only one that matters here is the platform.
std::vector<cl_context_properties> checkedProperties(const cl_context_properties *properties) {
    std::vector<cl_context_properties> copy;
    for (; properties && *properties; properties += 2) {
        if (*properties != CL_CONTEXT_PLATFORM) throw Refusal(CL_INVALID_PROPERTY);
        if (reinterpret_cast<cl_platform_id>(properties[1]) != platform()) throw Refusal(CL_INVALID_PLATFORM);
        copy.insert(copy.end(), properties, properties + 2);
    }
    if (!copy.empty()) copy.push_back(0);
    return copy;
}

cl_context makeContext(const cl_context_properties *properties, std::vector<cl_device_id> devices) {
    auto context = std::make_unique<_cl_context>();
    context->properties = checkedProperties(properties);
    context->devices = std::move(devices);
    return publish(context.release());
}

} // namespace

CREMA_CL cl_context CL_API_CALL clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices, void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *error) {
    return created(error, [&] {
        if (count == 0 || !devices || (!notify && data)) throw Refusal(CL_INVALID_VALUE);
        for (cl_uint i = 0; i < count; i++) require(devices[i], CL_INVALID_DEVICE);
        return makeContext(properties, {devices, devices + count});
    });
}

CREMA_CL cl_context CL_API_CALL clCreateContextFromType(const cl_context_properties *properties, cl_device_type type, void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *error) {
    return created(error, [&] {
        if (!notify && data) throw Refusal(CL_INVALID_VALUE);
        if (type == 0) throw Refusal(CL_INVALID_DEVICE_TYPE);
        auto found = devicesOf(type);
        if (found.empty()) throw Refusal(CL_DEVICE_NOT_FOUND);
        return makeContext(properties, std::move(found));
    });
}

CREMA_CL cl_int CL_API_CALL clRetainContext(cl_context context) { return retain(context, CL_INVALID_CONTEXT); }
CREMA_CL cl_int CL_API_CALL clReleaseContext(cl_context context) { return release(context, CL_INVALID_CONTEXT); }

CREMA_CL cl_int CL_API_CALL clGetContextInfo(cl_context context, cl_context_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(context, CL_INVALID_CONTEXT);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_CONTEXT_REFERENCE_COUNT: return answer.scalar<cl_uint>(context->references);
        case CL_CONTEXT_NUM_DEVICES: return answer.scalar<cl_uint>(static_cast<cl_uint>(context->devices.size()));
        case CL_CONTEXT_DEVICES: return answer.array(context->devices);
        case CL_CONTEXT_PROPERTIES: return answer.array(context->properties);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}
