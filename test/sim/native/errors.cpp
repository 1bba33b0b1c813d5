// Every error code a host program meets, and that nothing foreign, stale or truncated ends the process.
#include "card.hpp"

namespace errors {

static void programs(Card &card) {
    cl_int error, status = 7;
    const std::string good = makeXclbin(card.bitstream);
    for (size_t size : {size_t{1}, size_t{8}, size_t{400}, size_t{456}, size_t{500}, size_t{700}, good.size() / 2, good.size() - 1}) {
        EXPECT(!card.load(good.substr(0, size), &error, &status));
        EXPECT_EQ(error, CL_INVALID_BINARY);
        EXPECT_EQ(status, CL_INVALID_BINARY);
    }
    EXPECT(!card.load("ELF?" + good, &error));
    EXPECT_EQ(error, CL_INVALID_BINARY);
    // Any byte of headers and sections may be wrong: an error or a program, never a crash.
    const size_t bits = good.find("\x7f" "ELF");
    for (size_t at = 0; at < bits; at += 3) {
        std::string bad = good;
        bad[at] = static_cast<char>(0xff - bad[at]);
        if (cl_program program = card.load(bad, &error)) OK(clReleaseProgram(program));
    }
    EXPECT(!card.load(makeXclbin("\x00\x09 a bitstream of a real card, which is not a shared object .................."), &error, &status));
    EXPECT_EQ(error, CL_INVALID_BINARY);
    EXPECT(std::strstr(crema_sim_last_message(), "real card"));
    EXPECT(!card.load(makeXclbin(card.bitstream.substr(0, 4000)), &error, &status)); // an ELF file that does not load
    EXPECT_EQ(error, CL_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(status, CL_INVALID_VALUE);
    EXPECT(!card.load(makeXclbin(card.bitstream, 2, 64, {{"absent", {"absent_1"}, {{"n", 4, false, {}}}}}), &error, &status));
    EXPECT_EQ(error, CL_OUT_OF_HOST_MEMORY);
    EXPECT(std::strstr(crema_sim_last_message(), "crema_sim_call_absent"));

    card.program = card.load(good, &error, &status);
    OK(error);
    OK(status);
    cl_program same = card.load(good, &error); // the same bitstream is shared
    OK(error);
    EXPECT(!card.load(makeXclbin(card.bitstream, 9), &error, &status)); // another one is refused
    EXPECT_EQ(error, CL_OUT_OF_RESOURCES);
    EXPECT_EQ(status, CL_SUCCESS);
    EXPECT(!card.load("garbage", &error));
    EXPECT_EQ(error, CL_OUT_OF_RESOURCES);
    OK(clReleaseProgram(same));
    cl_kernel kernel = card.kernel("vadd"); // a kernel keeps it loaded
    OK(clReleaseProgram(card.program));
    EXPECT(!card.load(makeXclbin(card.bitstream, 9), &error));
    EXPECT_EQ(error, CL_OUT_OF_RESOURCES);
    OK(clReleaseKernel(kernel));
    card.program = card.load(makeXclbin(card.bitstream, 9), &error); // free again
    OK(error);
    OK(clBuildProgram(card.program, 0, nullptr, nullptr, nullptr, nullptr));
    const char *source = "kernel void k() {}";
    EXPECT(!clCreateProgramWithSource(card.context, 1, &source, nullptr, &error));
    EXPECT_EQ(error, CL_INVALID_OPERATION);
    EXPECT_EQ(clEnqueueNativeKernel(card.queue, nullptr, nullptr, 0, 0, nullptr, nullptr, 0, nullptr, nullptr), -20);
}

static void kernels(Card &card) {
    cl_int error;
    EXPECT(!clCreateKernel(card.program, "nope", &error));
    EXPECT_EQ(error, CL_INVALID_KERNEL_NAME);
    EXPECT(!clCreateKernel(card.program, "vadd:{vadd_7}", &error));
    EXPECT_EQ(error, CL_OUT_OF_HOST_MEMORY);
    cl_kernel kernel = card.kernel("vadd:{vadd_2}"), both = card.kernel("vadd");
    EXPECT_EQ(info<cl_uint>(clGetKernelInfo, kernel, 0x1300), 1);
    EXPECT_EQ(info<cl_uint>(clGetKernelInfo, both, 0x1300), 2);
    EXPECT_EQ(info<cl_uint>(clGetKernelInfo, both, CL_KERNEL_NUM_ARGS), 4);
    char type[64];
    OK(clGetKernelArgInfo(both, 0, CL_KERNEL_ARG_TYPE_NAME, sizeof type, type, nullptr));
    EXPECT(!std::strcmp(type, "ap_uint<512>*"));
    cl_mem mem = card.buffer(4096);
    int n = 4;
    EXPECT_EQ(clSetKernelArg(kernel, 0, 4, &mem), CL_INVALID_ARG_SIZE);
    EXPECT_EQ(clSetKernelArg(kernel, 3, 8, &n), CL_INVALID_ARG_SIZE);
    EXPECT_EQ(clSetKernelArg(kernel, 4, 4, &n), CL_INVALID_ARG_INDEX);
    EXPECT_EQ(clSetKernelArg(kernel, 3, 4, nullptr), CL_INVALID_ARG_VALUE);
    EXPECT_EQ(clEnqueueTask(card.queue, kernel, 0, nullptr, nullptr), CL_INVALID_KERNEL_ARGS);
    cl_mem foreign = reinterpret_cast<cl_mem>(card.context);
    EXPECT_EQ(clSetKernelArg(kernel, 0, sizeof foreign, &foreign), CL_INVALID_MEM_OBJECT);
    const size_t two = 2, one = 1;
    EXPECT_EQ(clEnqueueNDRangeKernel(card.queue, kernel, 0, nullptr, &one, nullptr, 0, nullptr, nullptr), CL_INVALID_WORK_DIMENSION);
    EXPECT_EQ(clEnqueueNDRangeKernel(card.queue, kernel, 1, nullptr, &two, nullptr, 0, nullptr, nullptr), CL_INVALID_GLOBAL_WORK_SIZE);
    EXPECT_EQ(clEnqueueNDRangeKernel(card.queue, kernel, 1, nullptr, &one, &two, 0, nullptr, nullptr), CL_INVALID_WORK_GROUP_SIZE);

    // A buffer in a bank that the kernel is not wired to is refused when the launch is enqueued.
    struct { cl_uint flags, pad; void *obj, *param; } ext{(1u << 31) | 2, 0, nullptr, nullptr};
    cl_mem far = clCreateBuffer(card.context, CL_MEM_READ_WRITE | (cl_mem_flags{1} << 31), 4096, &ext, &error);
    OK(error);
    EXPECT_EQ(info<int>(clGetMemObjectInfo, far, 0x1109), -1 + 3);
    for (cl_uint i = 0; i < 3; i++) OK(clSetKernelArg(both, i, sizeof far, &far));
    OK(clSetKernelArg(both, 3, 4, &n));
    EXPECT_EQ(clEnqueueTask(card.queue, both, 0, nullptr, nullptr), CL_MEM_OBJECT_ALLOCATION_FAILURE);
    // The bank of an argument: by kernel and index, or by the wiring when clSetKernelArg comes first.
    cl_kernel scale = card.kernel("scale");
    ext = {0, 0, nullptr, scale};
    cl_mem wired = clCreateBuffer(card.context, CL_MEM_READ_WRITE | (cl_mem_flags{1} << 31), 4096, &ext, &error);
    OK(error);
    EXPECT_EQ(info<int>(clGetMemObjectInfo, wired, 0x1109), 1);
    cl_mem automatic = card.buffer(4096);
    OK(clSetKernelArg(scale, 0, sizeof automatic, &automatic));
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &automatic, CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, 0, nullptr, nullptr));
    EXPECT_EQ(info<int>(clGetMemObjectInfo, automatic, 0x1109), 1);
    for (cl_mem each : {mem, far, wired, automatic}) OK(clReleaseMemObject(each));
    for (cl_kernel each : {kernel, both, scale}) OK(clReleaseKernel(each));
}

static void memory(Card &card) {
    cl_int error;
    char byte = 0;
    const auto refused = [&](cl_mem_flags flags, size_t size, void *host, cl_int expected) {
        EXPECT(!clCreateBuffer(card.context, flags, size, host, &error));
        EXPECT_EQ(error, expected);
    };
    refused(CL_MEM_READ_WRITE, 0, nullptr, CL_INVALID_BUFFER_SIZE);
    refused(CL_MEM_READ_WRITE, size_t{20} << 30, nullptr, CL_OUT_OF_RESOURCES);
    refused(CL_MEM_USE_HOST_PTR, 64, nullptr, CL_INVALID_HOST_PTR);
    refused(CL_MEM_READ_WRITE, 64, &byte, CL_INVALID_HOST_PTR);
    refused(CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 64, nullptr, CL_INVALID_VALUE);
    refused(~cl_mem_flags{0} << 31, 64, &byte, CL_INVALID_VALUE); // bit 31 that was sign-extended
    struct { cl_uint flags, pad; void *obj, *param; } ext{(1u << 31) | 3, 0, nullptr, nullptr};
    refused(CL_MEM_READ_WRITE | (cl_mem_flags{1} << 31), 128 << 10, &ext, CL_OUT_OF_RESOURCES); // bank 3 has 64 KiB
    cl_mem small = clCreateBuffer(card.context, CL_MEM_READ_WRITE | (cl_mem_flags{1} << 31), 60 << 10, &ext, &error);
    OK(error);
    refused(CL_MEM_READ_WRITE | (cl_mem_flags{1} << 31), 8 << 10, &ext, CL_OUT_OF_RESOURCES); // 4 KiB are left
    OK(clReleaseMemObject(small));
    ext.flags = (1u << 31) | 77;
    refused(CL_MEM_READ_WRITE | (cl_mem_flags{1} << 31), 64, &ext, CL_OUT_OF_RESOURCES);
    // Two buffers of 9 GiB do not fit into one bank; nothing is reserved before it is touched.
    cl_mem first = card.buffer(size_t{9} << 30), second = card.buffer(size_t{9} << 30);
    int value = 1;
    OK(clEnqueueWriteBuffer(card.queue, first, CL_TRUE, (size_t{9} << 30) - 4, 4, &value, 0, nullptr, nullptr));
    EXPECT_EQ(clEnqueueWriteBuffer(card.queue, second, CL_TRUE, 0, 4, &value, 0, nullptr, nullptr), CL_MEM_OBJECT_ALLOCATION_FAILURE);
    OK(clReleaseMemObject(first));
    OK(clEnqueueWriteBuffer(card.queue, second, CL_TRUE, 0, 4, &value, 0, nullptr, nullptr)); // there is room again
    EXPECT_EQ(clEnqueueReadBuffer(card.queue, second, CL_TRUE, size_t{9} << 30, 4, &value, 0, nullptr, nullptr), CL_INVALID_VALUE);
    EXPECT_EQ(clEnqueueCopyBuffer(card.queue, second, second, 0, 2, 4, 0, nullptr, nullptr), CL_MEM_COPY_OVERLAP);
    EXPECT_EQ(clEnqueueFillBuffer(card.queue, second, &value, 3, 0, 6, 0, nullptr, nullptr), CL_INVALID_VALUE);
    EXPECT_EQ(clEnqueueUnmapMemObject(card.queue, second, &value, 0, nullptr, nullptr), CL_INVALID_VALUE);
    EXPECT_EQ(clEnqueueMigrateMemObjects(card.queue, 0, nullptr, 0, 0, nullptr, nullptr), CL_INVALID_VALUE);
    OK(clReleaseMemObject(second));
    // Sub-buffers: aligned, inside, one level.
    cl_mem parent = card.buffer(16384);
    const auto sub = [&](size_t origin, size_t size) {
        const cl_buffer_region region{origin, size};
        return clCreateSubBuffer(parent, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &error);
    };
    EXPECT(!sub(100, 100));
    EXPECT_EQ(error, CL_MISALIGNED_SUB_BUFFER_OFFSET);
    EXPECT(!sub(8192, 8193));
    EXPECT_EQ(error, CL_INVALID_VALUE);
    EXPECT(!sub(0, 0));
    EXPECT_EQ(error, CL_INVALID_BUFFER_SIZE);
    cl_mem child = sub(4096, 4096);
    OK(error);
    const cl_buffer_region region{0, 4096};
    EXPECT(!clCreateSubBuffer(child, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &error));
    EXPECT_EQ(error, CL_INVALID_MEM_OBJECT);
    OK(clReleaseMemObject(child));
    OK(clReleaseMemObject(parent));
}

static void handles(Card &card) {
    cl_int error;
    auto *foreign = reinterpret_cast<cl_mem>(&error);
    EXPECT_EQ(clRetainMemObject(nullptr), CL_INVALID_MEM_OBJECT);
    EXPECT_EQ(clReleaseMemObject(foreign), CL_INVALID_MEM_OBJECT);
    EXPECT_EQ(clReleaseEvent(nullptr), CL_INVALID_EVENT);
    EXPECT_EQ(clFinish(nullptr), CL_INVALID_COMMAND_QUEUE);
    EXPECT(!clCreateKernel(nullptr, "vadd", &error));
    EXPECT_EQ(error, CL_INVALID_PROGRAM);
    EXPECT(!clCreateContext(nullptr, 0, nullptr, nullptr, nullptr, &error));
    EXPECT_EQ(error, CL_INVALID_VALUE);
    cl_uint count;
    EXPECT_EQ(clGetDeviceIDs(card.platform, CL_DEVICE_TYPE_GPU, 0, nullptr, &count), CL_DEVICE_NOT_FOUND);
    cl_mem mem = card.buffer(64);
    OK(clRetainMemObject(mem));
    EXPECT_EQ(info<cl_uint>(clGetMemObjectInfo, mem, CL_MEM_REFERENCE_COUNT), 2);
    cl_kernel kernel = card.kernel("nap");
    OK(clSetKernelArg(kernel, 0, sizeof mem, &mem)); // internal use does not count
    EXPECT_EQ(info<cl_uint>(clGetMemObjectInfo, mem, CL_MEM_REFERENCE_COUNT), 2);
    EXPECT_EQ(info<cl_uint>(clGetContextInfo, card.context, CL_CONTEXT_REFERENCE_COUNT), 1);
    EXPECT_EQ(info<cl_uint>(clGetProgramInfo, card.program, CL_PROGRAM_REFERENCE_COUNT), 1);
    OK(clReleaseMemObject(mem));
    OK(clReleaseMemObject(mem));
    EXPECT_EQ(clReleaseMemObject(mem), CL_INVALID_MEM_OBJECT); // once too often
    OK(clReleaseKernel(kernel));
    EXPECT_EQ(clGetEventInfo(nullptr, CL_EVENT_CONTEXT, 0, nullptr, nullptr), CL_INVALID_EVENT);
    cl_event user = clCreateUserEvent(card.context, &error);
    EXPECT_EQ(clEnqueueMarkerWithWaitList(card.queue, 1, nullptr, nullptr), CL_INVALID_EVENT_WAIT_LIST);
    EXPECT_EQ(clEnqueueMarkerWithWaitList(card.queue, 0, &user, nullptr), CL_INVALID_EVENT_WAIT_LIST);
    EXPECT_EQ(clSetUserEventStatus(user, 1), CL_INVALID_VALUE);
    OK(clSetUserEventStatus(user, CL_COMPLETE));
    EXPECT_EQ(clSetUserEventStatus(user, CL_COMPLETE), CL_INVALID_OPERATION);
    OK(clReleaseEvent(user));
    char name[8];
    EXPECT_EQ(clGetDeviceInfo(card.device, CL_DEVICE_NAME, sizeof name, name, nullptr), CL_INVALID_VALUE);
}

int run(char **arguments) {
    {
        Card card(arguments[1], false);
        programs(card);
        kernels(card);
        memory(card);
        handles(card);
    }
    return finish();
}

} // namespace errors
