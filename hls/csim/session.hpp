// What both simulations print and obey.
#pragma once
#include "../engine/dot.hpp"

namespace crema {

/// At most so many threads: a machine without an operating system has one.
inline int mostThreads = 256;

/// The paths that this build takes, for the reader of a log.
inline const char* instructions() {
#if defined(__AVX512VNNI__) && MT_BYTES == 64
    return "vectors of 512 bits, VNNI";
#elif defined(__AVX512F__) && MT_BYTES == 64
    return "vectors of 512 bits";
#elif CREMA_QUADS
    return "vectors of 256 bits or less, bytes by four";
#else
    return "vectors of 256 bits or less";
#endif
}

} // namespace crema
