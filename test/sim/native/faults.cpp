// Scripted faults. Run as: faults KERNELS SCENARIO; sets CREMA_SIM_FAULT itself.
#include "card.hpp"
#include <string>

namespace faults {

struct Run {
    Card &card;
    float *host = pages<float>(2048);
    cl_mem x, y;
    cl_kernel scale;

    explicit Run(Card &card) : card(card), x(card.buffer(4096, host)), y(card.buffer(4096, host + 1024)), scale(card.kernel("scale")) {
        const int n = 1024;
        OK(clSetKernelArg(scale, 0, sizeof x, &x));
        OK(clSetKernelArg(scale, 1, sizeof y, &y));
        OK(clSetKernelArg(scale, 3, 4, &n));
        host[0] = 1;
        OK(clEnqueueMigrateMemObjects(card.ordered, 2, &x, 0, 0, nullptr, nullptr)); // x and y lie side by side
        OK(clFinish(card.ordered));
    }
    cl_event start(float s) {
        cl_event event = nullptr;
        OK(clSetKernelArg(scale, 2, 4, &s));
        OK(clEnqueueTask(card.queue, scale, 0, nullptr, &event));
        return event;
    }
    cl_int end(float s) {
        cl_event event = start(s);
        clWaitForEvents(1, &event);
        const cl_int status = statusOf(event);
        OK(clReleaseEvent(event));
        return status;
    }
    float result() {
        float value = -1;
        OK(clEnqueueReadBuffer(card.queue, y, CL_TRUE, 0, 4, &value, 0, nullptr, nullptr));
        return value;
    }
};

static void hang(Card &card) {
    Run run(card);
    EXPECT_EQ(run.end(2), CL_COMPLETE);
    cl_event stuck = run.start(3), behind = run.start(4); // the only compute unit of this kernel
    usleep(100'000);
    EXPECT_EQ(statusOf(stuck), CL_RUNNING);
    EXPECT(statusOf(behind) > CL_RUNNING);
    EXPECT(run.result() == 2); // transfers go on
    cl_kernel nap = card.nap(nullptr, 1);
    cl_event other;
    OK(clEnqueueTask(card.queue, nap, 0, nullptr, &other));
    OK(clWaitForEvents(1, &other));
    std::exit(finish()); // a hung compute unit does not hold the process
}

static void dead(Card &card) {
    Run run(card);
    EXPECT_EQ(run.end(2), CL_COMPLETE);
    cl_event last = run.start(3), write;
    const float value = 1;
    usleep(50'000);
    OK(clEnqueueWriteBuffer(card.queue, run.x, CL_FALSE, 0, 4, &value, 0, nullptr, &write));
    usleep(100'000);
    EXPECT_EQ(statusOf(last), CL_RUNNING);
    EXPECT(statusOf(write) > 0);
    std::exit(finish());
}

static void wrong(Card &card) {
    Run run(card);
    EXPECT_EQ(run.end(2), CL_COMPLETE);
    EXPECT(run.result() == 2);
    EXPECT_EQ(run.end(3), CL_OUT_OF_RESOURCES); // error@2
    EXPECT_EQ(run.end(4), -9999);               // error@3=-9999
    EXPECT(run.result() == 2);
    EXPECT_EQ(run.end(5), CL_COMPLETE); // stale@4
    EXPECT(run.result() == 2);
    EXPECT_EQ(run.end(6), CL_COMPLETE); // flip@5=1.31: the sign
    EXPECT(run.result() == -6);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(run.end(7), CL_COMPLETE); // delay@6=80
    EXPECT(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(80));
    EXPECT(run.result() == 7);
    EXPECT_EQ(run.end(8), CL_OUT_OF_RESOURCES); // error@7+
    EXPECT_EQ(run.end(9), CL_OUT_OF_RESOURCES);
}

static void script(Card &card) {
    Run run(card);
    EXPECT_EQ(clEnqueueTask(card.queue, run.scale, 0, nullptr, nullptr), CL_INVALID_KERNEL_ARGS);
    const float s = 1;
    OK(clSetKernelArg(run.scale, 2, 4, &s));
    EXPECT_EQ(clEnqueueTask(card.queue, run.scale, 0, nullptr, nullptr), CL_INVALID_VALUE);
    EXPECT(std::strstr(crema_sim_last_message(), "\"burn@1\": expected one of hang"));
}

int run(char **arguments) {
    const std::string scenario = arguments[2];
    const char *fault = scenario == "hang" ? "hang@2" : scenario == "dead" ? "dead@2" : scenario == "kill" ? "kill@1"
                        : scenario == "script" ? "burn@1" : "error@2;error@3=-9999;stale@4;flip@5=1.31;delay@6=80;error@7+";
    setenv("CREMA_SIM_FAULT", fault, 1);
    Card card(arguments[1]);
    if (scenario == "hang") hang(card);
    if (scenario == "dead") dead(card);
    if (scenario == "wrong") wrong(card);
    if (scenario == "script") script(card);
    if (scenario == "kill") Run(card).end(1);
    return finish();
}

} // namespace faults
