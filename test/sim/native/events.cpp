// Order, times and failure of commands.
#include "card.hpp"
#include <atomic>

namespace events {

static void outOfOrder(Card &card) {
    int32_t *host = pages<int32_t>(4);
    cl_mem out = card.buffer(16, host);
    cl_kernel nap = card.nap(out, 60);
    cl_event sent, ran, back;
    OK(clEnqueueMigrateMemObjects(card.queue, 1, &out, 0, 0, nullptr, &sent));
    OK(clEnqueueTask(card.queue, nap, 1, &sent, &ran));
    // Without the dependency the read passes the kernel: a missing wait list shows.
    int32_t early = -1;
    OK(clEnqueueReadBuffer(card.queue, out, CL_TRUE, 0, 4, &early, 1, &sent, nullptr));
    EXPECT_EQ(early, 0);
    EXPECT(statusOf(ran) > 0);
    OK(clEnqueueMigrateMemObjects(card.queue, 1, &out, CL_MIGRATE_MEM_OBJECT_HOST, 1, &ran, &back));
    OK(clWaitForEvents(1, &back));
    EXPECT_EQ(host[0], 1);
    EXPECT_EQ(host[2], std::atoi(std::getenv("CREMA_SIM_THREADS")));
    cl_ulong times[3][4];
    cl_event events[3] = {sent, ran, back};
    for (int i = 0; i < 3; i++) {
        for (cl_uint j = 0; j < 4; j++) OK(clGetEventProfilingInfo(events[i], CL_PROFILING_COMMAND_QUEUED + j, 8, &times[i][j], nullptr));
        for (int j = 1; j < 4; j++) EXPECT(times[i][j] >= times[i][j - 1]);
    }
    EXPECT(times[1][2] >= times[0][3]);
    EXPECT(times[1][3] - times[1][2] >= 55'000'000);
    EXPECT(times[2][1] >= times[1][3]);
    // Two compute units run two launches at once; "nap:{nap_1}" keeps to one.
    OK(clEnqueueTask(card.queue, nap, 0, nullptr, nullptr));
    OK(clEnqueueTask(card.queue, nap, 0, nullptr, nullptr));
    OK(clFinish(card.queue));
    OK(clEnqueueMigrateMemObjects(card.ordered, 1, &out, CL_MIGRATE_MEM_OBJECT_HOST, 0, nullptr, nullptr));
    OK(clFinish(card.ordered));
    EXPECT(host[0] >= 2); // both incremented, perhaps at the same instant
    EXPECT_EQ(host[1], 2);
    cl_kernel one = card.nap(out, 30, "nap:{nap_1}");
    cl_event first, second;
    OK(clEnqueueTask(card.queue, one, 0, nullptr, &first));
    OK(clEnqueueTask(card.queue, one, 0, nullptr, &second));
    OK(clFlush(card.queue)); // waits for the queue, as XRT's does
    EXPECT_EQ(statusOf(second), CL_COMPLETE);
    cl_ulong end, start;
    OK(clGetEventProfilingInfo(first, CL_PROFILING_COMMAND_END, 8, &end, nullptr));
    OK(clGetEventProfilingInfo(second, CL_PROFILING_COMMAND_START, 8, &start, nullptr));
    EXPECT(start >= end);
    for (cl_event each : {sent, ran, back, first, second}) OK(clReleaseEvent(each));
    OK(clReleaseKernel(nap));
    OK(clReleaseKernel(one));
    OK(clReleaseMemObject(out));
    std::free(host);
}

static void inOrder(Card &card) {
    cl_mem out = card.buffer(16);
    const int32_t zero = 0;
    cl_kernel nap = card.nap(out, 20);
    cl_event write, run, read;
    int32_t seen = -1;
    OK(clEnqueueFillBuffer(card.ordered, out, &zero, 4, 0, 16, 0, nullptr, &write));
    OK(clEnqueueTask(card.ordered, nap, 0, nullptr, &run));
    OK(clEnqueueTask(card.ordered, nap, 0, nullptr, nullptr));
    OK(clEnqueueReadBuffer(card.ordered, out, CL_FALSE, 0, 4, &seen, 0, nullptr, &read));
    OK(clFinish(card.ordered));
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(info<cl_command_type>(clGetEventInfo, run, CL_EVENT_COMMAND_TYPE), CL_COMMAND_TASK);
    EXPECT(info<cl_command_queue>(clGetEventInfo, run, CL_EVENT_COMMAND_QUEUE) == card.ordered);
    for (cl_event each : {write, run, read}) OK(clReleaseEvent(each));
    OK(clReleaseKernel(nap));
    OK(clReleaseMemObject(out));
}

static void CL_CALLBACK note(cl_event, cl_int status, void *data) { static_cast<std::atomic<int> *>(data)->store(status); }

static void userEvents(Card &card) {
    cl_int error;
    cl_mem mem = card.buffer(64);
    const int32_t value = 42;
    int32_t seen = 0;
    cl_event gate = clCreateUserEvent(card.context, &error), write, read;
    std::atomic<int> told{77};
    OK(clEnqueueWriteBuffer(card.queue, mem, CL_FALSE, 0, 4, &value, 1, &gate, &write));
    OK(clEnqueueReadBuffer(card.queue, mem, CL_FALSE, 0, 4, &seen, 1, &write, &read));
    OK(clSetEventCallback(read, CL_COMPLETE, note, &told));
    usleep(20'000);
    EXPECT_EQ(statusOf(write), CL_QUEUED);
    cl_ulong time;
    EXPECT_EQ(clGetEventProfilingInfo(write, CL_PROFILING_COMMAND_START, 8, &time, nullptr), CL_PROFILING_INFO_NOT_AVAILABLE);
    EXPECT_EQ(clGetEventProfilingInfo(gate, CL_PROFILING_COMMAND_START, 8, &time, nullptr), CL_PROFILING_INFO_NOT_AVAILABLE);
    OK(clSetUserEventStatus(gate, CL_COMPLETE));
    OK(clWaitForEvents(1, &read));
    EXPECT_EQ(seen, 42);
    EXPECT(within(1000, [&] { return told == CL_COMPLETE; }));
    for (cl_event each : {gate, write, read}) OK(clReleaseEvent(each));
    // A failure reaches everything that depends on it, with its own code.
    gate = clCreateUserEvent(card.context, &error);
    told = 77;
    OK(clEnqueueWriteBuffer(card.queue, mem, CL_FALSE, 0, 4, &seen, 1, &gate, &write));
    OK(clEnqueueReadBuffer(card.queue, mem, CL_FALSE, 0, 4, &seen, 1, &write, &read));
    OK(clSetEventCallback(read, CL_COMPLETE, note, &told));
    seen = 7;
    OK(clSetUserEventStatus(gate, -5));
    EXPECT_EQ(clWaitForEvents(1, &read), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    EXPECT_EQ(statusOf(write), -5);
    EXPECT_EQ(statusOf(read), -5);
    EXPECT_EQ(seen, 7);
    EXPECT(within(1000, [&] { return told == -5; }));
    EXPECT_EQ(clEnqueueReadBuffer(card.queue, mem, CL_TRUE, 0, 4, &seen, 1, &read, nullptr), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    OK(clFinish(card.queue));
    for (cl_event each : {gate, write, read}) OK(clReleaseEvent(each));
    OK(clReleaseMemObject(mem));
}

static void barriers(Card &card) {
    cl_mem out = card.buffer(16);
    const int32_t zero = 0;
    OK(clEnqueueWriteBuffer(card.queue, out, CL_TRUE, 0, 4, &zero, 0, nullptr, nullptr));
    cl_kernel nap = card.nap(out, 40);
    int32_t seen = -1;
    cl_event marker;
    OK(clEnqueueTask(card.queue, nap, 0, nullptr, nullptr));
    OK(clEnqueueMarkerWithWaitList(card.queue, 0, nullptr, &marker));
    EXPECT(statusOf(marker) > 0);
    OK(clEnqueueBarrierWithWaitList(card.queue, 0, nullptr, nullptr));
    OK(clEnqueueReadBuffer(card.queue, out, CL_TRUE, 0, 4, &seen, 0, nullptr, nullptr)); // behind the barrier
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(statusOf(marker), CL_COMPLETE);
    OK(clReleaseEvent(marker));
    OK(clReleaseKernel(nap));
    OK(clReleaseMemObject(out));
}

// Handles may go as soon as the application is done with them; commands keep what they need.
static void early(Card &card) {
    cl_int error;
    cl_command_queue queue = clCreateCommandQueue(card.context, card.device, 0, &error);
    cl_mem out = card.buffer(16);
    cl_kernel nap = card.nap(out, 20);
    cl_event end;
    for (int i = 0; i < 3; i++) OK(clEnqueueTask(queue, nap, 0, nullptr, i == 2 ? &end : nullptr));
    OK(clReleaseKernel(nap));
    OK(clReleaseMemObject(out));
    OK(clReleaseCommandQueue(queue));
    OK(clWaitForEvents(1, &end));
    EXPECT_EQ(info<cl_uint>(clGetEventInfo, end, CL_EVENT_REFERENCE_COUNT), 1);
    OK(clReleaseEvent(end));
    EXPECT_EQ(clReleaseEvent(end), CL_INVALID_EVENT);
}

static void manyThreads(Card &card) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&card, t] {
            float *host = pages<float>(3 * 1024);
            cl_mem mem[3];
            cl_kernel kernel = card.kernel("vadd");
            const int n = 1024;
            for (cl_uint i = 0; i < 3; i++) {
                mem[i] = card.buffer(4096, host + 1024 * i);
                OK(clSetKernelArg(kernel, i, sizeof mem[i], &mem[i]));
            }
            OK(clSetKernelArg(kernel, 3, 4, &n));
            for (int round = 0; round < 50; round++) {
                for (int i = 0; i < 2 * n; i++) host[i] = static_cast<float>(i + round + t);
                cl_event sent, ran, back;
                OK(clEnqueueMigrateMemObjects(card.queue, 2, mem, 0, 0, nullptr, &sent));
                OK(clEnqueueTask(card.queue, kernel, 1, &sent, &ran));
                OK(clEnqueueMigrateMemObjects(card.queue, 1, mem + 2, CL_MIGRATE_MEM_OBJECT_HOST, 1, &ran, &back));
                OK(clWaitForEvents(1, &back));
                EXPECT(host[2 * n + 9] == host[9] + host[n + 9]);
                for (cl_event each : {sent, ran, back}) OK(clReleaseEvent(each));
            }
            OK(clReleaseKernel(kernel));
            for (cl_mem each : mem) OK(clReleaseMemObject(each));
            std::free(host);
        });
    for (auto &thread : threads) thread.join();
}

int run(char **arguments) {
    {
        Card card(arguments[1]);
        outOfOrder(card);
        inOrder(card);
        userEvents(card);
        barriers(card);
        early(card);
        manyThreads(card);
    }
    return finish();
}

} // namespace events
