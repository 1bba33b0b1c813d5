#include "info.hpp"
#include "platform.hpp"
#include <algorithm>

const std::shared_ptr<Pool> &_cl_device_id::transferPool() {
    std::lock_guard<std::mutex> lock(mutex);
    if (!transfers) transfers = Pool::start(2, "crema-dma");
    return transfers;
}

CREMA_CL cl_int CL_API_CALL clRetainDevice(cl_device_id device) {
    return guarded([&] { require(device, CL_INVALID_DEVICE); }); // root devices are not counted
}
CREMA_CL cl_int CL_API_CALL clReleaseDevice(cl_device_id device) { return clRetainDevice(device); }

CREMA_CL cl_int CL_API_CALL clGetDeviceInfo(cl_device_id device, cl_device_info query, size_t capacity, void *value, size_t *needed) {
    return guarded([&] {
        require(device, CL_INVALID_DEVICE);
        const Answer answer{capacity, value, needed};
        uint64_t memory = 0, largest = 0;
        size_t units = 0;
        {
            std::lock_guard<std::mutex> lock(device->mutex);
            const auto image = device->image.lock();
            if (image) units = image->xclbin.computeUnits.size();
            for (const Bank &bank : image ? image->xclbin.banks : device->board.banks) {
                memory += bank.bytes;
                largest = std::max(largest, bank.bytes);
            }
        }
        switch (query) {
        case CL_DEVICE_TYPE: return answer.scalar<cl_device_type>(CL_DEVICE_TYPE_ACCELERATOR);
        case CL_DEVICE_NAME: return answer.text(device->board.platform + " (emulated)");
        case CL_DEVICE_VENDOR: return answer.text("Crema");
        case CL_DEVICE_VENDOR_ID: return answer.scalar<cl_uint>(0x10ee);
        case CL_DEVICE_VERSION: return answer.text("OpenCL 1.2 Crema");
        case CL_DRIVER_VERSION: return answer.text("1.0");
        case CL_DEVICE_PROFILE: return answer.text("EMBEDDED_PROFILE");
        case CL_DEVICE_OPENCL_C_VERSION: return answer.text("OpenCL C 1.2");
        case CL_DEVICE_EXTENSIONS:
        case CL_DEVICE_BUILT_IN_KERNELS: return answer.text("");
        case CL_DEVICE_PLATFORM: return answer.scalar<cl_platform_id>(platform());
        case CL_DEVICE_AVAILABLE:
        case CL_DEVICE_ENDIAN_LITTLE:
        case CL_DEVICE_PREFERRED_INTEROP_USER_SYNC: return answer.scalar<cl_bool>(CL_TRUE);
        case CL_DEVICE_COMPILER_AVAILABLE:
        case CL_DEVICE_LINKER_AVAILABLE:
        case CL_DEVICE_IMAGE_SUPPORT:
        case CL_DEVICE_ERROR_CORRECTION_SUPPORT:
        case CL_DEVICE_HOST_UNIFIED_MEMORY: return answer.scalar<cl_bool>(CL_FALSE);
        case CL_DEVICE_MAX_COMPUTE_UNITS: return answer.scalar<cl_uint>(static_cast<cl_uint>(units));
        case CL_DEVICE_MAX_CLOCK_FREQUENCY: return answer.scalar<cl_uint>(device->board.megahertz);
        case CL_DEVICE_ADDRESS_BITS: return answer.scalar<cl_uint>(64);
        case CL_DEVICE_MEM_BASE_ADDR_ALIGN: return answer.scalar<cl_uint>(kPage * 8); // bits
        case CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE: return answer.scalar<cl_uint>(128);
        case CL_DEVICE_GLOBAL_MEM_SIZE: return answer.scalar<cl_ulong>(memory);
        case CL_DEVICE_MAX_MEM_ALLOC_SIZE: return answer.scalar<cl_ulong>(largest);
        case CL_DEVICE_GLOBAL_MEM_CACHE_TYPE: return answer.scalar<cl_device_mem_cache_type>(CL_NONE);
        case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE: return answer.scalar<cl_ulong>(0);
        case CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE: return answer.scalar<cl_uint>(64);
        case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE: return answer.scalar<cl_ulong>(4 << 20);
        case CL_DEVICE_LOCAL_MEM_TYPE: return answer.scalar<cl_device_local_mem_type>(CL_LOCAL);
        case CL_DEVICE_LOCAL_MEM_SIZE: return answer.scalar<cl_ulong>(16 << 10);
        case CL_DEVICE_MAX_CONSTANT_ARGS: return answer.scalar<cl_uint>(8);
        case CL_DEVICE_MAX_PARAMETER_SIZE: return answer.scalar<size_t>(2048);
        case CL_DEVICE_MAX_WORK_GROUP_SIZE: return answer.scalar<size_t>(1);
        case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS: return answer.scalar<cl_uint>(3);
        case CL_DEVICE_MAX_WORK_ITEM_SIZES: return answer.array<size_t>({1, 1, 1});
        case CL_DEVICE_EXECUTION_CAPABILITIES: return answer.scalar<cl_device_exec_capabilities>(CL_EXEC_KERNEL);
        case CL_DEVICE_QUEUE_PROPERTIES: return answer.scalar<cl_command_queue_properties>(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE);
        case CL_DEVICE_PROFILING_TIMER_RESOLUTION: return answer.scalar<size_t>(1);
        case CL_DEVICE_SINGLE_FP_CONFIG: return answer.scalar<cl_device_fp_config>(CL_FP_ROUND_TO_NEAREST | CL_FP_INF_NAN);
        case CL_DEVICE_DOUBLE_FP_CONFIG: return answer.scalar<cl_device_fp_config>(0);
        case CL_DEVICE_PRINTF_BUFFER_SIZE: return answer.scalar<size_t>(0);
        case CL_DEVICE_REFERENCE_COUNT: return answer.scalar<cl_uint>(1);
        case CL_DEVICE_PARENT_DEVICE: return answer.scalar<cl_device_id>(nullptr);
        case CL_DEVICE_PARTITION_MAX_SUB_DEVICES: return answer.scalar<cl_uint>(0);
        case CL_DEVICE_PARTITION_PROPERTIES: return answer.array<cl_device_partition_property>({0});
        case CL_DEVICE_PARTITION_AFFINITY_DOMAIN: return answer.scalar<cl_device_affinity_domain>(0);
        case CL_DEVICE_PARTITION_TYPE: return answer.bytes(nullptr, 0);
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR:
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT:
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT:
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG:
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_INT:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT: return answer.scalar<cl_uint>(1);
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
        case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
        case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF:
        case CL_DEVICE_MAX_READ_IMAGE_ARGS:
        case CL_DEVICE_MAX_WRITE_IMAGE_ARGS:
        case CL_DEVICE_MAX_SAMPLERS: return answer.scalar<cl_uint>(0);
        case CL_DEVICE_IMAGE2D_MAX_WIDTH:
        case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
        case CL_DEVICE_IMAGE3D_MAX_WIDTH:
        case CL_DEVICE_IMAGE3D_MAX_HEIGHT:
        case CL_DEVICE_IMAGE3D_MAX_DEPTH:
        case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
        case CL_DEVICE_IMAGE_MAX_ARRAY_SIZE: return answer.scalar<size_t>(0);
        default: throw Refusal(CL_INVALID_VALUE);
        }
    });
}
