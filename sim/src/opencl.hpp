// The OpenCL headers as this library uses them: every slot of the dispatch table typed, deprecated calls included
// (host programs for Xilinx cards use clEnqueueTask and clCreateCommandQueue).
#pragma once
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS
#include <CL/cl.h>
#include <CL/cl_icd.h>

#define CREMA_CL extern "C" __attribute__((visibility("default")))

// Xilinx extensions (UG1393): memory flag and pointer structure, queries.
constexpr cl_mem_flags kExtPtrXilinx = cl_mem_flags{1} << 31;
constexpr cl_uint kExtTopology = 1u << 31, kExtP2p = 1u << 30, kExtHostOnly = 1u << 29;
constexpr cl_mem_info kMemBankXilinx = 0x1109;
constexpr cl_kernel_info kKernelComputeUnitCount = 0x1300;
constexpr cl_int kNotImplemented = -20; // what XRT returns for native kernels

struct ExtPtr { // cl_mem_ext_ptr_t, 24 bytes
    cl_uint flags;
    void *obj;
    void *param;
};
static_assert(sizeof(ExtPtr) == 24, "the Xilinx extension structure has 24 bytes");
