// Labels arrive as floats.
#pragma once
#include <cstdint>

namespace crema {

// The label as an integer, or -1 where it is no class. Caffe truncates toward zero; so do we.
inline int64_t labelOf(float given, int64_t classes) {
    if (!(given > -2147483648.0f && given < 2147483648.0f)) return -1;
    const int64_t label = static_cast<int64_t>(given);
    return label >= 0 && label < classes ? label : -1;
}

inline bool isIgnored(float given, int32_t hasIgnore, int32_t ignore) {
    return hasIgnore && given > -2147483648.0f && given < 2147483648.0f && static_cast<int32_t>(given) == ignore;
}

} // namespace crema
