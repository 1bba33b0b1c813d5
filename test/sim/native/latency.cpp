// Prints, in microseconds, what a launch costs: {"launch": p50 of enqueue + finish, "train": per launch of a long queue}.
#include "card.hpp"
#include <algorithm>
#include <ctime>

namespace latency {

static double now() { return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int run(char **arguments) {
    Card card(arguments[1]);
    cl_mem mem = card.buffer(64);
    cl_kernel poke = card.kernel("poke");
    const int64_t index = 0;
    OK(clSetKernelArg(poke, 0, sizeof mem, &mem));
    OK(clSetKernelArg(poke, 1, sizeof index, &index));
    std::vector<double> each;
    for (int i = 0; i < 2000; i++) {
        const double start = now();
        OK(clEnqueueTask(card.queue, poke, 0, nullptr, nullptr));
        OK(clFinish(card.queue));
        each.push_back(now() - start);
    }
    std::sort(each.begin(), each.end());
    const double start = now();
    for (int i = 0; i < 2000; i++) OK(clEnqueueTask(card.queue, poke, 0, nullptr, nullptr));
    OK(clFinish(card.queue));
    const double train = (now() - start) / 2000;
    usleep(20'000);
    const clock_t before = clock(); // an idle card uses no processor
    usleep(200'000);
    const double idle = static_cast<double>(clock() - before) / CLOCKS_PER_SEC / 0.2;
    OK(clReleaseKernel(poke));
    OK(clReleaseMemObject(mem));
    std::printf("{\"launch\": %.1f, \"p90\": %.1f, \"train\": %.2f, \"idle\": %.4f}\n", each[1000], each[1800], train, idle);
    return failures != 0;
}

} // namespace latency
