#include "objects.hpp"
#include <chrono>
#include <sched.h>

namespace {

struct Shared {
    std::mutex mutex;
    std::condition_variable completed;
    size_t waiters = 0;
    uint64_t sequence = 0;
};
Shared &shared() {
    static Shared &instance = *new Shared; // never destroyed: workers and waiters may outlive main()
    return instance;
}

void makeReady(Hold<_cl_event> event, Aftermath &aftermath) {
    event->times[1] = nanoseconds();
    if (event->failure != CL_SUCCESS) return complete(std::move(event), event->failure, aftermath);
    advance(*event.get(), CL_SUBMITTED, aftermath);
    if (!event->pool) return complete(std::move(event), CL_COMPLETE, aftermath);
    const auto pool = event->pool;
    pool->submit(std::move(event));
}

void leaveQueue(_cl_event &event, Aftermath &aftermath) {
    _cl_command_queue *queue = event.queue.get();
    if (!queue) return;
    if (queue->last.get() == &event) aftermath.events.push_back(std::move(queue->last));
    if (queue->barrier.get() == &event) aftermath.events.push_back(std::move(queue->barrier));
    const auto place = queue->live.find(event.sequence);
    aftermath.events.push_back(std::move(place->second));
    queue->live.erase(place);
    queue->oldest = queue->live.empty() ? UINT64_MAX : queue->live.begin()->first;
}

} // namespace

_cl_event::~_cl_event() = default;

uint64_t nanoseconds() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

std::mutex &schedulerMutex() { return shared().mutex; }

void advance(_cl_event &event, cl_int status, Aftermath &aftermath) {
    event.status.store(status, std::memory_order_release);
    for (size_t i = event.callbacks.size(); i-- > 0;) {
        const EventCallback callback = event.callbacks[i];
        if (status > callback.at) continue;
        event.callbacks.erase(event.callbacks.begin() + static_cast<ptrdiff_t>(i));
        Hold<_cl_event> hold(&event);
        aftermath.calls.push_back([callback, hold, status] { callback.function(hold.get(), status < 0 ? status : callback.at, callback.data); });
    }
}

void complete(Hold<_cl_event> first, cl_int status, Aftermath &aftermath) {
    std::vector<Hold<_cl_event>> successors;
    {
        const uint64_t now = nanoseconds();
        if (first->times[1] == 0) first->times[1] = now;
        if (first->times[2] == 0) first->times[2] = now;
        first->times[3] = now;
        leaveQueue(*first.get(), aftermath);
        aftermath.works.push_back(std::move(first->work));
        first->pool.reset();
        advance(*first.get(), status, aftermath);
        successors.swap(first->dependents);
        aftermath.events.push_back(std::move(first));
    }
    for (auto &next : successors) {
        if (status < 0 && next->failure == CL_SUCCESS) next->failure = status;
        if (--next->waitingFor == 0) makeReady(std::move(next), aftermath);
    }
    if (shared().waiters) shared().completed.notify_all();
}

void enqueue(Command command, cl_uint waits, const cl_event *waitList, cl_event *out, bool blocking) {
    _cl_command_queue *queue = command.queue;
    if ((waits == 0) != (waitList == nullptr)) throw Refusal(CL_INVALID_EVENT_WAIT_LIST);
    for (cl_uint i = 0; i < waits; i++) {
        require(waitList[i], CL_INVALID_EVENT_WAIT_LIST);
        if (waitList[i]->context.get() != queue->context.get()) throw Refusal(CL_INVALID_CONTEXT);
    }
    auto *event = new _cl_event;
    Hold<_cl_event> self(event);
    if (out) publish(event);
    else drop(event); // the application gets no reference
    event->context = queue->context;
    event->queue = Hold<_cl_command_queue>(queue);
    event->type = command.type;
    event->pool = std::move(command.pool);
    event->units = command.units;
    event->work = std::move(command.work);
    event->times[0] = nanoseconds();
    Aftermath aftermath;
    {
        std::lock_guard<std::mutex> lock(shared().mutex);
        const auto after = [&](_cl_event *before) {
            const cl_int status = before->status.load(std::memory_order_acquire);
            if (status < 0 && event->failure == CL_SUCCESS) event->failure = status;
            if (status <= 0) return;
            before->dependents.push_back(self);
            event->waitingFor++;
        };
        for (cl_uint i = 0; i < waits; i++) after(waitList[i]);
        if (!(queue->properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) && queue->last) after(queue->last.get());
        if (queue->barrier) after(queue->barrier.get());
        if (command.after != Command::After::Listed && waits == 0)
            for (auto &[sequence, earlier] : queue->live) after(earlier.get());
        event->sequence = ++shared().sequence;
        if (queue->live.empty()) queue->oldest = event->sequence;
        queue->newest = event->sequence;
        queue->live.emplace(event->sequence, self);
        aftermath.events.push_back(std::exchange(queue->last, self));
        if (command.after == Command::After::Barrier) aftermath.events.push_back(std::exchange(queue->barrier, self));
        if (event->waitingFor == 0) makeReady(self, aftermath);
    }
    aftermath.run();
    if (out) *out = event;
    if (!blocking) return;
    await([&] { return event->status.load(std::memory_order_acquire) <= 0; });
    if (event->status < 0) throw Refusal(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
}

void Aftermath::run() {
    for (auto &call : calls) call();
    calls.clear();
    works.clear();
    events.clear();
}

void await(const std::function<bool()> &done) {
    constexpr uint64_t spin = 25'000;
    for (const uint64_t until = nanoseconds() + spin; nanoseconds() < until;) {
        if (done()) return;
        sched_yield();
    }
    std::unique_lock<std::mutex> lock(shared().mutex);
    shared().waiters++;
    shared().completed.wait(lock, done);
    shared().waiters--;
}
