#include "objects.hpp"
#include <algorithm>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace {
std::atomic<bool> cardIsDead{false};
}

void killCard() { cardIsDead = true; }

void hangForever() {
    while (true) pause();
}

std::shared_ptr<Pool> Pool::start(size_t count, const std::string &name) {
    auto pool = std::make_shared<Pool>();
    for (size_t i = 0; i < count; i++) pool->workers.emplace_back();
    for (size_t i = 0; i < count; i++) {
        std::thread thread([pool, i] { pool->serve(i); });
        pthread_setname_np(thread.native_handle(), (name + std::to_string(i)).substr(0, 15).c_str());
        thread.detach();
    }
    return pool;
}

void Pool::submit(Hold<_cl_event> event) {
    const Units units = event->units;
    ready.push_back(std::move(event));
    // Call one idle worker; a spinning one is quicker. Each submission calls another, so that two commands never share one.
    Worker *choice = nullptr;
    for (size_t i = 0; i < workers.size(); i++) {
        const Mode mode = workers[i].mode.load(std::memory_order_relaxed);
        if (!units[i] || (mode != Mode::Spinning && mode != Mode::Sleeping)) continue;
        choice = &workers[i];
        if (mode == Mode::Spinning) break;
    }
    if (!choice) return; // busy workers look again when they finish
    if (choice->mode.exchange(Mode::Called, std::memory_order_acq_rel) == Mode::Sleeping) choice->called.notify_one();
}

void Pool::stop() {
    std::lock_guard<std::mutex> lock(schedulerMutex());
    stopped = true;
    for (auto &worker : workers) {
        worker.mode = Mode::Called;
        worker.called.notify_one();
    }
}

// Most commands come in trains: stay awake for a moment, then give the processor back.
void Pool::idle(size_t unit, std::unique_lock<std::mutex> &lock) {
    constexpr uint64_t spin = 25'000;
    Worker &worker = workers[unit];
    worker.mode = Mode::Spinning;
    lock.unlock();
    for (const uint64_t until = nanoseconds() + spin; worker.mode.load(std::memory_order_acquire) == Mode::Spinning && nanoseconds() < until;)
        sched_yield();
    lock.lock();
    if (worker.mode == Mode::Spinning) {
        worker.mode = Mode::Sleeping;
        worker.called.wait(lock, [&] { return worker.mode != Mode::Sleeping; });
    }
    worker.mode = Mode::Busy;
}

void Pool::serve(size_t unit) {
    std::unique_lock<std::mutex> lock(schedulerMutex());
    while (true) {
        const auto next = std::find_if(ready.begin(), ready.end(), [&](auto &event) { return event->units[unit]; });
        if (next == ready.end()) {
            if (stopped) return;
            idle(unit, lock);
            continue;
        }
        Hold<_cl_event> event = std::move(*next);
        ready.erase(next);
        Aftermath started, ended;
        event->times[2] = nanoseconds();
        advance(*event.get(), CL_RUNNING, started);
        lock.unlock();
        started.run();
        if (cardIsDead) hangForever();
        const cl_int status = event->work(unit);
        if (cardIsDead) hangForever();
        event->work = nullptr; // lets go of buffers and bitstream before anyone sees the command completed
        lock.lock();
        complete(std::move(event), status, ended);
        lock.unlock();
        ended.run();
        lock.lock();
    }
}
