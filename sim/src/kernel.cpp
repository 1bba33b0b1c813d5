#include "info.hpp"
#include "objects.hpp"
#include <algorithm>
#include <cstring>

namespace {

// "k" stands for all compute units of kernel k, "k:{cu1,cu2}" for some.
std::vector<size_t> selectUnits(const Xclbin &xclbin, size_t kernel, const std::string &braces) {
    std::vector<size_t> units;
    if (braces.empty()) {
        for (size_t i = 0; i < xclbin.computeUnits.size(); i++)
            if (xclbin.computeUnits[i].kernel == kernel) units.push_back(i);
        if (units.empty()) throw Refusal(CL_INVALID_KERNEL_NAME, "kernel " + xclbin.kernels[kernel].name + " has no compute unit in this bitstream");
        return units;
    }
    if (braces.size() < 3 || braces.front() != '{' || braces.back() != '}') throw Refusal(CL_INVALID_KERNEL_NAME);
    for (size_t at = 1; at < braces.size();) {
        const size_t end = braces.find_first_of(",}", at);
        const std::string name = braces.substr(at, end - at);
        const auto &all = xclbin.computeUnits;
        const auto found = std::find_if(all.begin(), all.end(), [&](const ComputeUnit &unit) { return unit.kernel == kernel && unit.name == name; });
        // XRT 2.13 answers an unknown compute unit with this code.
        if (found == all.end()) throw Refusal(CL_OUT_OF_HOST_MEMORY, "kernel " + xclbin.kernels[kernel].name + " has no compute unit \"" + name + "\"");
        units.push_back(static_cast<size_t>(found - all.begin()));
        at = end + 1;
    }
    return units;
}

cl_kernel makeKernel(cl_program program, const std::string &name) {
    const Xclbin &xclbin = program->image->xclbin;
    const size_t colon = name.find(':');
    const std::string base = name.substr(0, colon);
    const auto found = std::find_if(xclbin.kernels.begin(), xclbin.kernels.end(), [&](const KernelInfo &kernel) { return kernel.name == base; });
    if (found == xclbin.kernels.end()) throw Refusal(CL_INVALID_KERNEL_NAME, "the bitstream has no kernel \"" + base + "\"");
    auto kernel = std::make_unique<_cl_kernel>();
    kernel->program = program;
    kernel->index = static_cast<size_t>(found - xclbin.kernels.begin());
    kernel->computeUnits = selectUnits(xclbin, kernel->index, colon == std::string::npos ? "" : name.substr(colon + 1));
    kernel->args.resize(found->args.size());
    return publish(kernel.release());
}

// The bank for a buffer argument: the first that every compute unit of the kernel reaches, else the first of the first.
int bankFor(const _cl_kernel &kernel, size_t argument) {
    const auto &units = kernel.program->image->xclbin.computeUnits;
    const auto reaches = [&](size_t unit, int bank) {
        const auto wired = units[unit].wiring.find(argument);
        return wired != units[unit].wiring.end() && std::count(wired->second.begin(), wired->second.end(), bank) > 0;
    };
    const auto first = units[kernel.computeUnits.front()].wiring.find(argument);
    if (first == units[kernel.computeUnits.front()].wiring.end()) return -1;
    for (int bank : first->second)
        if (std::all_of(kernel.computeUnits.begin(), kernel.computeUnits.end(), [&](size_t unit) { return reaches(unit, bank); })) return bank;
    return first->second.front();
}

} // namespace

CREMA_CL cl_kernel CL_API_CALL clCreateKernel(cl_program program, const char *name, cl_int *error) {
    return created(error, [&] {
        require(program, CL_INVALID_PROGRAM);
        if (!name) throw Refusal(CL_INVALID_VALUE);
        return makeKernel(program, name);
    });
}

CREMA_CL cl_int CL_API_CALL clCreateKernelsInProgram(cl_program program, cl_uint capacity, cl_kernel *kernels, cl_uint *count) {
    return guarded([&] {
        require(program, CL_INVALID_PROGRAM);
        const auto &all = program->image->xclbin.kernels;
        if (count) *count = static_cast<cl_uint>(all.size());
        if (!kernels) return;
        if (capacity < all.size()) throw Refusal(CL_INVALID_VALUE);
        for (size_t i = 0; i < all.size(); i++) kernels[i] = makeKernel(program, all[i].name);
    });
}

CREMA_CL cl_int CL_API_CALL clRetainKernel(cl_kernel kernel) { return retain(kernel, CL_INVALID_KERNEL); }
CREMA_CL cl_int CL_API_CALL clReleaseKernel(cl_kernel kernel) { return release(kernel, CL_INVALID_KERNEL); }

CREMA_CL cl_int CL_API_CALL clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
    return guarded([&] {
        require(kernel, CL_INVALID_KERNEL);
        const auto &args = kernel->info().args;
        if (index >= args.size()) throw Refusal(CL_INVALID_ARG_INDEX);
        ArgValue next;
        next.set = true;
        if (args[index].global) {
            if (size != sizeof(cl_mem)) throw Refusal(CL_INVALID_ARG_SIZE);
            cl_mem mem = nullptr;
            if (value) std::memcpy(&mem, value, sizeof mem);
            if (mem) {
                require(mem, CL_INVALID_MEM_OBJECT);
                mem->assignBank(bankFor(*kernel, index));
                next.buffer = mem;
            }
        } else {
            if (size != args[index].size) throw Refusal(CL_INVALID_ARG_SIZE);
            if (!value) throw Refusal(CL_INVALID_ARG_VALUE);
            const auto *first = static_cast<const unsigned char *>(value);
            next.bytes.assign(first, first + size);
        }
        std::lock_guard<std::mutex> lock(kernel->mutex);
        std::swap(kernel->args[index], next);
    });
}

CREMA_CL cl_int CL_API_CALL clGetKernelInfo(cl_kernel kernel, cl_kernel_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(kernel, CL_INVALID_KERNEL);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_KERNEL_FUNCTION_NAME: return answer.text(kernel->info().name);
        case CL_KERNEL_NUM_ARGS: return answer.scalar<cl_uint>(static_cast<cl_uint>(kernel->args.size()));
        case CL_KERNEL_REFERENCE_COUNT: return answer.scalar<cl_uint>(kernel->references);
        case CL_KERNEL_CONTEXT: return answer.scalar<cl_context>(kernel->program->context.get());
        case CL_KERNEL_PROGRAM: return answer.scalar<cl_program>(kernel->program.get());
        case CL_KERNEL_ATTRIBUTES: return answer.text("");
        case kKernelComputeUnitCount: return answer.scalar<cl_uint>(static_cast<cl_uint>(kernel->computeUnits.size()));
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}

CREMA_CL cl_int CL_API_CALL clGetKernelArgInfo(cl_kernel kernel, cl_uint index, cl_kernel_arg_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(kernel, CL_INVALID_KERNEL);
        if (index >= kernel->args.size()) throw Refusal(CL_INVALID_ARG_INDEX);
        const KernelArg &arg = kernel->info().args[index];
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_KERNEL_ARG_ADDRESS_QUALIFIER: return answer.scalar<cl_kernel_arg_address_qualifier>(arg.global ? CL_KERNEL_ARG_ADDRESS_GLOBAL : CL_KERNEL_ARG_ADDRESS_PRIVATE);
        case CL_KERNEL_ARG_ACCESS_QUALIFIER: return answer.scalar<cl_kernel_arg_access_qualifier>(CL_KERNEL_ARG_ACCESS_NONE);
        case CL_KERNEL_ARG_TYPE_NAME: return answer.text(arg.type);
        case CL_KERNEL_ARG_TYPE_QUALIFIER: return answer.scalar<cl_kernel_arg_type_qualifier>(CL_KERNEL_ARG_TYPE_NONE);
        case CL_KERNEL_ARG_NAME: return answer.text(arg.name);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}

CREMA_CL cl_int CL_API_CALL clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(kernel, CL_INVALID_KERNEL);
        if (device && device != kernel->program->device) throw Refusal(CL_INVALID_DEVICE);
        const Answer answer{capacity, value, needed};
        switch (query) {
        case CL_KERNEL_WORK_GROUP_SIZE:
        case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE: return answer.scalar<size_t>(1);
        case CL_KERNEL_COMPILE_WORK_GROUP_SIZE: return answer.array<size_t>({1, 1, 1});
        case CL_KERNEL_LOCAL_MEM_SIZE:
        case CL_KERNEL_PRIVATE_MEM_SIZE: return answer.scalar<cl_ulong>(0);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}
