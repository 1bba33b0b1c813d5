#include "platform.hpp"
#include "info.hpp"

cl_platform_id platform() {
    static cl_platform_id instance = publish(new _cl_platform_id);
    return instance;
}

const std::vector<cl_device_id> &devices() {
    static const std::vector<cl_device_id> &list = *new std::vector<cl_device_id>([] {
        std::vector<cl_device_id> made;
        for (Board &board : readBoards()) {
            auto *device = new _cl_device_id;
            device->board = std::move(board);
            made.push_back(publish(device));
        }
        return made;
    }());
    return list;
}

std::vector<cl_device_id> devicesOf(cl_device_type type) {
    if (!(type & (CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_DEFAULT))) return {}; // CL_DEVICE_TYPE_ALL has both bits
    if (type == CL_DEVICE_TYPE_DEFAULT) return {devices().front()};
    return devices();
}

CREMA_CL cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint capacity, cl_platform_id *platforms, cl_uint *count) {
    return guarded([&] {
        if ((platforms && capacity == 0) || (!platforms && !count)) throw Refusal(CL_INVALID_VALUE);
        memoryMode(); // a setting that cannot be read shows at the first call
        devices();
        if (platforms) platforms[0] = platform();
        if (count) *count = 1;
    });
}

CREMA_CL cl_int CL_API_CALL clGetPlatformIDs(cl_uint capacity, cl_platform_id *platforms, cl_uint *count) { return clIcdGetPlatformIDsKHR(capacity, platforms, count); }

CREMA_CL cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id which, cl_platform_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        if (which && which != platform()) throw Refusal(CL_INVALID_PLATFORM);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_PLATFORM_PROFILE: return answer.text("EMBEDDED_PROFILE");
        case CL_PLATFORM_VERSION: return answer.text("OpenCL 1.2 Crema");
        case CL_PLATFORM_NAME: return answer.text("Crema (emulated Xilinx)");
        case CL_PLATFORM_VENDOR: return answer.text("Crema");
        case CL_PLATFORM_EXTENSIONS: return answer.text("cl_khr_icd");
        case CL_PLATFORM_ICD_SUFFIX_KHR: return answer.text("CREMA");
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}

CREMA_CL cl_int CL_API_CALL clGetDeviceIDs(cl_platform_id which, cl_device_type type, cl_uint capacity, cl_device_id *list, cl_uint *count) {
    return guarded([&] {
        if (which && which != platform()) throw Refusal(CL_INVALID_PLATFORM);
        if ((list && capacity == 0) || (!list && !count)) throw Refusal(CL_INVALID_VALUE);
        if (type == 0) throw Refusal(CL_INVALID_DEVICE_TYPE);
        const auto found = devicesOf(type);
        if (found.empty()) throw Refusal(CL_DEVICE_NOT_FOUND);
        if (count) *count = static_cast<cl_uint>(found.size());
        for (size_t i = 0; list && i < found.size() && i < capacity; i++) list[i] = found[i];
    });
}
