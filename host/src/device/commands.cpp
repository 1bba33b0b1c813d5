// Enqueueing, waiting for events with a deadline and reading their times, in one call from JavaScript instead of several a command.
#include "../abi.hpp"
#include "enqueue.hpp"
#include <chrono>
#include <ctime>
#include <sched.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace {

using crema::entry;
using crema::handle;
using crema::Refusal;
using crema::Session;

using Clock = std::chrono::steady_clock;
using GetInfo = int32_t (*)(void *event, uint32_t name, size_t size, void *value, size_t *written);
using Release = int32_t (*)(void *event);
using Flush = int32_t (*)(void *queue);

constexpr uint32_t kExecutionStatus = 0x11D3; // CL_EVENT_COMMAND_EXECUTION_STATUS
constexpr int32_t kComplete = 0;              // CL_COMPLETE; queued, submitted, running are 3, 2, 1; failures are negative

int32_t status(GetInfo info, uint64_t event) {
    int32_t value = 0;
    const int32_t error = info(handle(event), kExecutionStatus, sizeof value, &value, nullptr);
    return error < 0 ? error : value;
}

void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// The kernel rounds sleeps up by 50 us unless a thread asks otherwise.
void sharpenTimer() {
#ifdef __linux__
    static thread_local const bool done = prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL) == 0;
    (void)done;
#endif
}

// Looks often at first and then in steps of 1/32 of the time spent so far: a late look costs at most 3 %, and an emulated card keeps its cores.
void pauseAfter(int64_t spentNs) {
    if (spentNs < 4'000) return relax();
    if (spentNs < 40'000) {
        sched_yield();
        return;
    }
    int64_t step = spentNs / 32;
    if (step < 5'000) step = 5'000;
    if (step > 200'000) step = 200'000;
    const timespec sleep{0, static_cast<long>(step)};
    nanosleep(&sleep, nullptr);
}

// Until every event of events[waiting[0 ..]] is complete, one has failed, or `timeoutNs` have passed.
void waitFor(GetInfo info, const uint64_t *events, const uint32_t *waiting, int32_t count, int64_t timeoutNs) {
    const auto begin = Clock::now();
    sharpenTimer();
    for (int32_t done = 0; done < count;) {
        const int32_t now = status(info, events[waiting[done]]);
        if (now < 0) return;
        if (now == kComplete) {
            ++done;
            continue;
        }
        const int64_t spent = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
        if (spent >= timeoutNs) return;
        pauseAfter(spent);
    }
}

// Looks once at each event. Those that finished are released, and of complete ones the times are read; the others close ranks.
int32_t sweep(const Session &session, uint64_t *events, int32_t count, int32_t *statuses, double *times) {
    constexpr uint32_t names[3] = {0x1280, 0x1282, 0x1283}; // CL_PROFILING_COMMAND_QUEUED, _START, _END
    const auto info = entry<GetInfo>(session.eventInfo);
    const auto profile = entry<GetInfo>(session.profilingInfo);
    const auto release = entry<Release>(session.releaseEvent);
    int32_t left = 0;
    for (int32_t i = 0; i < count; ++i) {
        statuses[i] = status(info, events[i]);
        if (statuses[i] > 0) {
            events[left++] = events[i];
            continue;
        }
        for (int32_t k = 0; k < 3; ++k) {
            uint64_t at = 0;
            if (statuses[i] < 0 || profile(handle(events[i]), names[k], sizeof at, &at, nullptr) != 0) at = 0;
            times[3 * i + k] = static_cast<double>(at); // exact below 2^53 ns, 104 days of uptime
        }
        release(handle(events[i]));
    }
    return count - left;
}

} // namespace

// Enqueues a list of `count` commands (enqueue.cpp) behind those under way, waits for `waits` of them all, and then looks once at each.
// events: those of the `underWay` before, with room for the new ones; `waiting` are places in it, and finished ones leave it. statuses[i]
// is the execution status of command i (0 complete, > 0 under way, < 0 failed), times[3 i ..] of a finished one are queued, start and end
// in nanoseconds of the device (zeros where the queue has no profile). Returns how many finished: where some were waited for, 0 says that
// the time was over. Of what the runtime refuses, `refusal` tells; it and those behind it in the list count as failed.
CREMA_API int32_t crema_run_commands(const Session *session, const uint32_t *list, int32_t count, uint64_t *events, int32_t underWay,
                                     const uint32_t *waiting, int32_t waits, int64_t timeoutNs, int32_t *statuses, double *times,
                                     Refusal *refusal) {
    *refusal = {0, 0, -1};
    const int32_t begun = underWay + crema::enqueue(*session, list, count, events, underWay, *refusal);
    if (begun > underWay && session->flush != 0) {
        const int32_t status = entry<Flush>(session->flush)(handle(session->queue));
        if (status != 0 && refusal->status == 0) *refusal = {status, count, -1};
    }
    if (refusal->status == 0) waitFor(entry<GetInfo>(session->eventInfo), events, waiting, waits, timeoutNs);
    int32_t finished = sweep(*session, events, begun, statuses, times);
    for (int32_t i = begun; i < underWay + count; ++i, ++finished) {
        statuses[i] = i == begun ? refusal->status : -14; // CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST
        for (int32_t k = 0; k < 3; ++k) times[3 * i + k] = 0;
    }
    return finished;
}
