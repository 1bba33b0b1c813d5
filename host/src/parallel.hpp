// A small pool of threads for the host layers. Work is cut into fixed ranges, so results never depend on the number of threads.
#pragma once
#include <cstdint>
#include <functional>

namespace crema {

// Threads that parallelFor uses, this one included. 1 means no pool.
void setThreads(int threads);
int threads();

// Calls body(begin, end) on disjoint ranges that cover [0, count). `grain`: the least number of items worth a thread.
// The body must not throw and must not depend on where ranges are cut.
void parallelFor(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)> &body);

} // namespace crema
