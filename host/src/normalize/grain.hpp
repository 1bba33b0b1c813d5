#pragma once
#include <cstdint>

namespace crema {

// The least number of runs of this length that are worth a thread (parallelFor).
inline int64_t grain(int64_t length) { return 1 + 8192 / (length + 1); }

} // namespace crema
