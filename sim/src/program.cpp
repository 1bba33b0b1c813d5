#include "info.hpp"
#include "objects.hpp"
#include <algorithm>
#include <cstring>

namespace {

// One bitstream at a time: the same one is shared, another is refused until the first one's programs are released.
std::shared_ptr<Image> loadImage(cl_device_id device, std::string_view bytes) {
    std::lock_guard<std::mutex> lock(device->mutex);
    if (auto loaded = device->image.lock()) {
        const auto uuid = uuidOf(bytes);
        if (uuid && *uuid == loaded->xclbin.uuid) return loaded;
        throw Refusal(CL_OUT_OF_RESOURCES, "another bitstream is loaded on the card; release its programs and kernels first");
    }
    auto image = std::make_shared<Image>(bytes);
    device->image = image;
    return image;
}

} // namespace

CREMA_CL cl_program CL_API_CALL clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices, const size_t *lengths, const unsigned char **binaries, cl_int *statuses, cl_int *error) {
    return created(error, [&] {
        require(context, CL_INVALID_CONTEXT);
        if (count == 0 || !devices || !lengths || !binaries) throw Refusal(CL_INVALID_VALUE);
        if (count > 1) throw Refusal(CL_INVALID_VALUE, "clCreateProgramWithBinary: one device at a time");
        require(devices[0], CL_INVALID_DEVICE);
        if (!context->has(devices[0])) throw Refusal(CL_INVALID_DEVICE);
        if (statuses) statuses[0] = CL_SUCCESS;
        if (lengths[0] == 0 || !binaries[0]) {
            if (statuses) statuses[0] = CL_INVALID_VALUE;
            throw Refusal(CL_INVALID_VALUE);
        }
        const std::string_view bytes(reinterpret_cast<const char *>(binaries[0]), lengths[0]);
        auto program = std::make_unique<_cl_program>();
        program->context = context;
        program->device = devices[0];
        try {
            program->image = loadImage(devices[0], bytes);
        } catch (const Refusal &refusal) {
            if (statuses && refusal.code == CL_INVALID_BINARY) statuses[0] = CL_INVALID_BINARY;
            if (statuses && refusal.code == CL_OUT_OF_HOST_MEMORY) statuses[0] = CL_INVALID_VALUE; // as XRT's sw_emu
            throw;
        }
        program->binary = bytes;
        return publish(program.release());
    });
}

CREMA_CL cl_program CL_API_CALL clCreateProgramWithSource(cl_context context, cl_uint, const char **, const size_t *, cl_int *error) {
    return created(error, [&]() -> cl_program {
        require(context, CL_INVALID_CONTEXT);
        throw Refusal(CL_INVALID_OPERATION); // as XRT
    });
}

CREMA_CL cl_int CL_API_CALL clRetainProgram(cl_program program) { return retain(program, CL_INVALID_PROGRAM); }
CREMA_CL cl_int CL_API_CALL clReleaseProgram(cl_program program) { return release(program, CL_INVALID_PROGRAM); }

// Nothing is left to build; the notification is still due.
CREMA_CL cl_int CL_API_CALL clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *, void(CL_CALLBACK *notify)(cl_program, void *), void *data) {
    return guarded([&] {
        require(program, CL_INVALID_PROGRAM);
        if ((count == 0) != (devices == nullptr) || (!notify && data)) throw Refusal(CL_INVALID_VALUE);
        for (cl_uint i = 0; i < count; i++)
            if (devices[i] != program->device) throw Refusal(CL_INVALID_DEVICE);
        if (notify) notify(program, data);
    });
}

CREMA_CL cl_int CL_API_CALL clGetProgramInfo(cl_program program, cl_program_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(program, CL_INVALID_PROGRAM);
        const Answer answer{capacity, value, needed};
        const auto &kernels = program->image->xclbin.kernels;
        switch (query) {
        case CL_PROGRAM_REFERENCE_COUNT: return answer.scalar<cl_uint>(program->references);
        case CL_PROGRAM_CONTEXT: return answer.scalar<cl_context>(program->context.get());
        case CL_PROGRAM_NUM_DEVICES: return answer.scalar<cl_uint>(1);
        case CL_PROGRAM_DEVICES: return answer.scalar<cl_device_id>(program->device);
        case CL_PROGRAM_SOURCE: return answer.text("");
        case CL_PROGRAM_BINARY_SIZES: return answer.scalar<size_t>(program->binary.size());
        case CL_PROGRAM_BINARIES: {
            if (needed) *needed = sizeof(unsigned char *);
            if (!value) return;
            if (capacity < sizeof(unsigned char *)) throw Refusal(CL_INVALID_VALUE);
            auto *target = *static_cast<unsigned char **>(value);
            if (target) std::memcpy(target, program->binary.data(), program->binary.size());
            return;
        }
        case CL_PROGRAM_NUM_KERNELS: return answer.scalar<size_t>(kernels.size());
        case CL_PROGRAM_KERNEL_NAMES: {
            std::string names;
            for (const KernelInfo &kernel : kernels) names += (names.empty() ? "" : ";") + kernel.name;
            return answer.text(names);
        }
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}

CREMA_CL cl_int CL_API_CALL clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(program, CL_INVALID_PROGRAM);
        if (device != program->device) throw Refusal(CL_INVALID_DEVICE);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_PROGRAM_BUILD_STATUS: return answer.scalar<cl_build_status>(CL_BUILD_SUCCESS);
        case CL_PROGRAM_BUILD_OPTIONS:
        case CL_PROGRAM_BUILD_LOG: return answer.text("");
        case CL_PROGRAM_BINARY_TYPE: return answer.scalar<cl_program_binary_type>(CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}
