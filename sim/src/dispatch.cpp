// The dispatch table of the ICD loader. Every slot is filled: the loader jumps through it without looking.
#include "object.hpp"
#include <cstring>
#include <type_traits>

namespace {

// What stands in a slot that a Xilinx runtime does not implement: an error of the slot's own type.
inline void refuse(cl_int *error) {
    if (error) *error = kNotImplemented;
}
template <class Other> void refuse(Other) {}

template <class R, class... A> R CL_API_CALL refused(A... args) {
    (refuse(args), ...);
    if constexpr (std::is_same_v<R, cl_int>) return kNotImplemented;
    else if constexpr (!std::is_void_v<R>) return R{};
}

template <class R, class... A> void fill(R(CL_API_CALL *&slot)(A...)) { slot = refused<R, A...>; }

cl_icd_dispatch makeTable() {
    cl_icd_dispatch table;
    void *const stub = reinterpret_cast<void *>(refused<cl_int>);
    for (size_t at = 0; at < sizeof table; at += sizeof stub) std::memcpy(reinterpret_cast<char *>(&table) + at, &stub, sizeof stub);
#define REFUSED(name) fill(table.name);
#define GIVEN(name) table.name = name;
#include "entries.inc"
#undef REFUSED
#undef GIVEN
    return table;
}

} // namespace

cl_icd_dispatch dispatchTable = makeTable();

CREMA_CL void *CL_API_CALL clGetExtensionFunctionAddress(const char *name) {
    if (!name) return nullptr;
    if (!std::strcmp(name, "clIcdGetPlatformIDsKHR")) return reinterpret_cast<void *>(clIcdGetPlatformIDsKHR);
#define REFUSED(entry)
#define GIVEN(entry) \
    if (!std::strcmp(name, #entry)) return reinterpret_cast<void *>(entry); // ocl-icd looks clGetPlatformInfo up here
#include "entries.inc"
#undef REFUSED
#undef GIVEN
    return nullptr;
}

CREMA_CL void *CL_API_CALL clGetExtensionFunctionAddressForPlatform(cl_platform_id, const char *name) { return clGetExtensionFunctionAddress(name); }

// For programs that link this library directly: the calls of host programs for processors and GPUs that do not exist here.
CREMA_CL cl_int CL_API_CALL clEnqueueNativeKernel(cl_command_queue, void(CL_CALLBACK *)(void *), void *, size_t, cl_uint, const cl_mem *, const void **, cl_uint, const cl_event *, cl_event *) { return kNotImplemented; }
CREMA_CL cl_int CL_API_CALL clUnloadPlatformCompiler(cl_platform_id) { return kNotImplemented; }
CREMA_CL cl_program CL_API_CALL clCreateProgramWithBuiltInKernels(cl_context, cl_uint, const cl_device_id *, const char *, cl_int *error) {
    return created(error, []() -> cl_program { throw Refusal(kNotImplemented); });
}
