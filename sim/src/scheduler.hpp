// Commands become ready when everything they wait for has completed, then run on a worker of their pool: one pool for the
// two DMA directions of a card, one for the compute units of the loaded bitstream. One lock guards the whole graph.
#pragma once
#include "object.hpp"
#include <array>
#include <bitset>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using Units = std::bitset<128>; // the workers of a pool that may run a command
using Work = std::function<cl_int(size_t unit)>; // returns CL_COMPLETE or a negative status

uint64_t nanoseconds(); // steady clock
std::mutex &schedulerMutex();
void killCard();                // fault injection: from now on nothing completes
[[noreturn]] void hangForever(); // keeps the calling worker busy without using the processor

struct EventCallback {
    cl_int at;
    void(CL_CALLBACK *function)(cl_event, cl_int, void *);
    void *data;
};

class Pool;

struct _cl_event : Object {
    Hold<_cl_context> context;
    Hold<_cl_command_queue> queue; // empty for user events
    cl_command_type type = 0;
    std::atomic<cl_int> status{CL_QUEUED};
    std::array<uint64_t, 4> times{}; // queued, submitted, started, ended; written before the status that implies them
    // Below: guarded by schedulerMutex().
    uint64_t sequence = 0;
    size_t waitingFor = 0;
    cl_int failure = CL_SUCCESS; // status of a predecessor that failed
    std::vector<Hold<_cl_event>> dependents;
    std::vector<EventCallback> callbacks;
    std::shared_ptr<Pool> pool; // none: the command has nothing to do but complete
    Units units;
    Work work;

    ~_cl_event();
};

// What must happen after the lock is released: callbacks, and the end of whatever commands kept alive.
struct Aftermath {
    std::vector<std::function<void()>> calls;
    std::vector<Work> works;
    std::vector<Hold<_cl_event>> events;
    void run();
};

class Pool : public std::enable_shared_from_this<Pool> {
  public:
    static std::shared_ptr<Pool> start(size_t workers, const std::string &name);
    void submit(Hold<_cl_event> event); // with the lock held
    void stop();                        // workers leave when they are idle; nobody waits for them

  private:
    enum class Mode { Busy, Spinning, Sleeping, Called };
    struct Worker {
        std::atomic<Mode> mode{Mode::Busy};
        std::condition_variable called;
    };
    void serve(size_t unit);
    void idle(size_t unit, std::unique_lock<std::mutex> &lock);

    std::deque<Hold<_cl_event>> ready;
    std::deque<Worker> workers;
    bool stopped = false;
};

struct Command {
    cl_command_queue queue;
    cl_command_type type;
    std::shared_ptr<Pool> pool;
    Units units;
    Work work;
    enum class After { Listed, Everything, Barrier } after = After::Listed;
};

// Checks the wait list, puts the command into its queue and, if `event` is given, hands out its event. `blocking` waits
// for the end and throws CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST where the command did not succeed.
void enqueue(Command command, cl_uint waits, const cl_event *waitList, cl_event *event, bool blocking = false);

// Ends an event and everything that thereby becomes ready; with the lock held.
void complete(Hold<_cl_event> event, cl_int status, Aftermath &aftermath);

// Moves an event forward and collects the callbacks registered for that state; with the lock held.
void advance(_cl_event &event, cl_int status, Aftermath &aftermath);

// Waits until `done` (which reads only atomics) holds: a short spin, then asleep until some command completes.
void await(const std::function<bool()> &done);
