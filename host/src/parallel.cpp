#include "parallel.hpp"
#include "abi.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace crema {
namespace {

class Pool {
  public:
    void resize(int count) {
        std::lock_guard<std::mutex> serial(callers_);
        stop();
        stopping_ = false;
        count_ = std::max(1, count);
        for (int i = 1; i < count_; i++) workers_.emplace_back([this, i, seen = generation_] { work(i, seen); });
    }

    int count() const { return count_; }

    void run(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)> &body) {
        const int64_t parts = std::min<int64_t>(count_, (count + grain - 1) / std::max<int64_t>(1, grain));
        if (parts <= 1) {
            body(0, count);
            return;
        }
        std::lock_guard<std::mutex> serial(callers_);
        {
            std::lock_guard<std::mutex> lock(mutex_);
            body_ = &body;
            items_ = count;
            parts_ = parts;
            pending_ = static_cast<int>(workers_.size());
            generation_++;
        }
        wake_.notify_all();
        part(0);
        std::unique_lock<std::mutex> lock(mutex_);
        done_.wait(lock, [this] { return pending_ == 0; });
    }

    // A process that ends must not join threads from a static destructor: the pool is never destroyed.
    static Pool &instance() {
        static Pool *pool = new Pool;
        return *pool;
    }

  private:
    void part(int index) {
        if (index >= parts_) return;
        const int64_t begin = items_ * index / parts_;
        const int64_t end = items_ * (index + 1) / parts_;
        if (begin < end) (*body_)(begin, end);
    }

    void work(int index, uint64_t seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
            if (stopping_) return;
            seen = generation_;
            lock.unlock();
            part(index);
            lock.lock();
            if (--pending_ == 0) done_.notify_one();
        }
    }

    void stop() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        for (auto &worker : workers_) worker.join();
        workers_.clear();
    }

    std::mutex callers_, mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> workers_;
    const std::function<void(int64_t, int64_t)> *body_ = nullptr;
    int64_t items_ = 0, parts_ = 0;
    int pending_ = 0, count_ = 1;
    uint64_t generation_ = 0;
    bool stopping_ = false;
};

} // namespace

void setThreads(int threads) { Pool::instance().resize(threads); }
int threads() { return Pool::instance().count(); }
void parallelFor(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)> &body) {
    if (count > 0) Pool::instance().run(count, grain, body);
}

} // namespace crema

CREMA_API void crema_set_threads(int32_t threads) { crema::setThreads(threads); }
CREMA_API int32_t crema_threads() { return crema::threads(); }
