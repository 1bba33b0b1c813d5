#include "pool.hpp"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace crema {

namespace {

uint64_t floatMode() {
#if defined(__SSE2__)
    return _mm_getcsr();
#elif defined(__aarch64__)
    uint64_t mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
#else
    return 0;
#endif
}

void setFloatMode(uint64_t mode) {
#if defined(__SSE2__)
    _mm_setcsr(uint32_t(mode));
#elif defined(__aarch64__)
    asm volatile("msr fpcr, %0" ::"r"(mode));
#else
    (void)mode;
#endif
}

#if defined(__aarch64__)
constexpr uint64_t kFlush = 1u << 24; // FZ
#else
constexpr uint64_t kFlush = 0x8040; // FTZ | DAZ
#endif

struct Job {
    void (*body)(void*, uint32_t);
    void* context;
    uint32_t count;
    std::atomic<uint32_t> next{0};

    void work() {
        for (uint32_t tile; (tile = next.fetch_add(1)) < count;) body(context, tile);
    }
};

// Helpers sleep between jobs. One job at a time: compute units that run at once take turns per launch part.
class Pool {
public:
    explicit Pool(int size) {
        for (int i = 1; i < size; ++i) helpers_.emplace_back([this] { help(); });
    }
    ~Pool() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (auto& helper : helpers_) helper.join();
    }
    void run(Job& job) {
        {
            const std::lock_guard lock(mutex_);
            job_ = &job;
            ++generation_;
            busy_ = helpers_.size();
        }
        wake_.notify_all();
        job.work();
        std::unique_lock lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
        job_ = nullptr;
    }
    int size() const { return int(helpers_.size()) + 1; }

private:
    void help() {
        const DenormalsFlushed mode;
        uint64_t seen = 0;
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
            if (stop_) return;
            seen = generation_;
            Job* job = job_;
            lock.unlock();
            job->work();
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> helpers_;
    Job* job_ = nullptr;
    uint64_t generation_ = 0;
    size_t busy_ = 0;
    bool stop_ = false;
};

std::atomic<int> wanted{1};
std::mutex turn;
// Never destroyed: a helper that outlives static destruction would wait on a dead condition variable.
std::unique_ptr<Pool>& pool() {
    static auto* instance = new std::unique_ptr<Pool>;
    return *instance;
}

} // namespace

DenormalsFlushed::DenormalsFlushed() : saved_(floatMode()) { setFloatMode(saved_ | kFlush); }
DenormalsFlushed::~DenormalsFlushed() { setFloatMode(saved_); }

void setThreads(int threads) {
    const std::lock_guard lock(turn);
    wanted = std::clamp(threads, 1, 256);
    pool().reset();
}

int threads() { return wanted; }

void runTiles(uint32_t count, void (*body)(void*, uint32_t), void* context) {
    Job job{body, context, count};
    if (wanted == 1 || count <= 1) return job.work();
    const std::lock_guard lock(turn);
    if (!pool()) pool() = std::make_unique<Pool>(wanted);
    pool()->run(job);
}

} // namespace crema
