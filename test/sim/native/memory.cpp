// What buffers hold, in both memory modes.
#include "card.hpp"

namespace memory {

static void migrates(Card &card) {
    float *host = pages<float>(1024);
    for (int i = 0; i < 1024; i++) host[i] = static_cast<float>(i);
    cl_mem x = card.buffer(4096, host), y = card.buffer(4096);
    cl_kernel scale = card.kernel("scale");
    const float s = 2;
    const int n = 1024;
    OK(clSetKernelArg(scale, 0, sizeof x, &x));
    OK(clSetKernelArg(scale, 1, sizeof y, &y));
    OK(clSetKernelArg(scale, 2, 4, &s));
    OK(clSetKernelArg(scale, 3, 4, &n));
    float seen[2] = {0, 0};
    // A forgotten migrate: in strict mode the kernel reads poison, a NaN.
    OK(clEnqueueTask(card.ordered, scale, 0, nullptr, nullptr));
    OK(clEnqueueReadBuffer(card.ordered, y, CL_TRUE, 4092, 4, seen, 0, nullptr, nullptr));
    if (card.strict) EXPECT(std::isnan(seen[0]));
    else EXPECT(seen[0] == 2046);
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &x, 0, 0, nullptr, nullptr));
    OK(clEnqueueTask(card.ordered, scale, 0, nullptr, nullptr));
    OK(clEnqueueReadBuffer(card.ordered, y, CL_TRUE, 8, 8, seen, 0, nullptr, nullptr));
    EXPECT(seen[0] == 4 && seen[1] == 6);
    // Map shows the card's bytes; unmap after writing sends them back.
    cl_int error;
    auto *mapped = static_cast<float *>(clEnqueueMapBuffer(card.ordered, y, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 40, 80, 0, nullptr, nullptr, &error));
    OK(error);
    EXPECT_EQ(info<cl_uint>(clGetMemObjectInfo, y, CL_MEM_MAP_COUNT), 1);
    EXPECT(mapped[0] == 20 && mapped[19] == 58);
    mapped[1] = -1;
    OK(clEnqueueUnmapMemObject(card.ordered, y, mapped, 0, nullptr, nullptr));
    EXPECT_EQ(info<cl_uint>(clGetMemObjectInfo, y, CL_MEM_MAP_COUNT), 0);
    OK(clEnqueueReadBuffer(card.ordered, y, CL_TRUE, 40, 8, seen, 0, nullptr, nullptr));
    EXPECT(seen[0] == 20 && seen[1] == -1);
    // Of a buffer with host memory the map is that memory, and before any transfer its bytes are the host's.
    float *second = pages<float>(1024);
    second[5] = 5;
    cl_mem z = card.buffer(4096, second);
    auto *same = static_cast<float *>(clEnqueueMapBuffer(card.ordered, z, CL_TRUE, CL_MAP_READ, 0, 4096, 0, nullptr, nullptr, &error));
    EXPECT(same == second && same[5] == 5);
    OK(clEnqueueUnmapMemObject(card.ordered, z, same, 0, nullptr, nullptr));
    OK(clEnqueueCopyBuffer(card.ordered, y, z, 40, 400, 8, 0, nullptr, nullptr));
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &z, CL_MIGRATE_MEM_OBJECT_HOST, 0, nullptr, nullptr));
    OK(clFinish(card.ordered));
    EXPECT(second[100] == 20 && second[101] == -1);
    if (card.strict) EXPECT(std::isnan(second[200]));
    for (cl_mem each : {x, y, z}) OK(clReleaseMemObject(each));
    OK(clReleaseKernel(scale));
    std::free(host);
    std::free(second);
}

static void copiedAndUnaligned(Card &card) {
    cl_int error;
    int32_t values[4] = {1, 2, 3, 4}, seen[4] = {};
    cl_mem copied = clCreateBuffer(card.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof values, values, &error);
    OK(error);
    values[0] = 9; // too late
    OK(clEnqueueReadBuffer(card.queue, copied, CL_TRUE, 0, sizeof seen, seen, 0, nullptr, nullptr));
    EXPECT_EQ(seen[0], 1);
    char *page = pages<char>(8192);
    auto *unaligned = reinterpret_cast<int32_t *>(page + 68);
    unaligned[3] = 33;
    cl_mem mem = card.buffer(16, unaligned); // a warning and an extra copy
    EXPECT(std::strstr(crema_sim_last_message(), "not aligned"));
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &mem, 0, 0, nullptr, nullptr));
    OK(clEnqueueReadBuffer(card.ordered, mem, CL_TRUE, 0, sizeof seen, seen, 0, nullptr, nullptr));
    EXPECT_EQ(seen[3], 33);
    const int32_t pattern = 6;
    OK(clEnqueueFillBuffer(card.ordered, mem, &pattern, 4, 4, 8, 0, nullptr, nullptr));
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &mem, CL_MIGRATE_MEM_OBJECT_HOST, 0, nullptr, nullptr));
    OK(clFinish(card.ordered));
    EXPECT(unaligned[0] == 0 && unaligned[1] == 6 && unaligned[2] == 6 && unaligned[3] == 33);
    OK(clReleaseMemObject(copied));
    OK(clReleaseMemObject(mem));
    std::free(page);
}

static void CL_CALLBACK gone(cl_mem, void *data) { ++*static_cast<int *>(data); }

static void subBuffers(Card &card) {
    cl_int error;
    int32_t *host = pages<int32_t>(4096);
    for (int i = 0; i < 4096; i++) host[i] = i;
    cl_mem parent = card.buffer(16384, host);
    int ends = 0;
    OK(clSetMemObjectDestructorCallback(parent, gone, &ends));
    const cl_buffer_region region{8192, 4096};
    cl_mem child = clCreateSubBuffer(parent, CL_MEM_READ_ONLY, CL_BUFFER_CREATE_TYPE_REGION, &region, &error);
    OK(error);
    EXPECT(info<cl_mem>(clGetMemObjectInfo, child, CL_MEM_ASSOCIATED_MEMOBJECT) == parent);
    EXPECT_EQ(info<size_t>(clGetMemObjectInfo, child, CL_MEM_OFFSET), 8192);
    EXPECT(info<void *>(clGetMemObjectInfo, child, CL_MEM_HOST_PTR) == host + 2048);
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &child, 0, 0, nullptr, nullptr)); // sends its part only
    int32_t seen = 0;
    OK(clEnqueueReadBuffer(card.ordered, parent, CL_TRUE, 8192 + 12, 4, &seen, 0, nullptr, nullptr));
    EXPECT_EQ(seen, 2051);
    OK(clEnqueueReadBuffer(card.ordered, parent, CL_TRUE, 0, 4, &seen, 0, nullptr, nullptr));
    EXPECT_EQ(seen, card.strict ? 0x7fe5a5a5 : 0);
    OK(clReleaseMemObject(parent)); // the child keeps it
    EXPECT_EQ(ends, 0);
    OK(clReleaseMemObject(child));
    EXPECT(within(1000, [&] { return ends == 1; })); // the last command may still be letting go
    std::free(host);
}

static void overruns(Card &card) {
    if (!card.strict) return;
    cl_mem mem = card.buffer(5000);
    cl_kernel poke = card.kernel("poke");
    OK(clSetKernelArg(poke, 0, sizeof mem, &mem));
    const auto at = [&](int64_t index) {
        OK(clSetKernelArg(poke, 1, sizeof index, &index));
        cl_event event;
        OK(clEnqueueTask(card.queue, poke, 0, nullptr, &event));
        clWaitForEvents(1, &event);
        const cl_int status = statusOf(event);
        OK(clReleaseEvent(event));
        return status;
    };
    EXPECT_EQ(at(0), CL_COMPLETE);
    EXPECT_EQ(at(1249), CL_COMPLETE);
    EXPECT_EQ(at(1250), CL_COMPLETE); // inside the last 64-byte word
    EXPECT_EQ(at(1300), CL_OUT_OF_RESOURCES); // behind it, in the last page
    EXPECT(std::strstr(crema_sim_last_message(), "behind the end of buffer"));
    EXPECT_EQ(at(2048), CL_OUT_OF_RESOURCES); // the guard page
    EXPECT(std::strstr(crema_sim_last_message(), "3192 bytes behind the end of buffer"));
    EXPECT_EQ(at(-1), CL_OUT_OF_RESOURCES);
    EXPECT(std::strstr(crema_sim_last_message(), "4 bytes before buffer"));
    cl_mem none = nullptr; // a null pointer is a legal argument; using it is the kernel's fault
    OK(clSetKernelArg(poke, 0, sizeof none, &none));
    EXPECT_EQ(at(0), CL_OUT_OF_RESOURCES);
    OK(clSetKernelArg(poke, 0, sizeof mem, &mem));
    EXPECT_EQ(at(1), CL_COMPLETE); // the compute unit goes on
    OK(clReleaseKernel(poke));
    OK(clReleaseMemObject(mem));
}

int run(char **arguments) {
    {
        Card card(arguments[1]);
        migrates(card);
        copiedAndUnaligned(card);
        subBuffers(card);
        overruns(card);
    }
    return finish();
}

} // namespace memory
