// One spatial axis of a convolution. For a result coordinate the kernel taps that meet the source image form an arithmetic
// progression; coordinates with the same progression are one class and share one list of operand addresses.
#pragma once
#include "descriptor.hpp"
#include "tiles.hpp"

namespace crema {

struct Place {
    uint32_t result; // coordinate in the result image
    uint32_t source; // smallest source coordinate its taps touch
    uint32_t first, count; // taps first, first + tapStep, ...
};

/// Places sorted by class; class i is places[begin[i]] .. places[begin[i + 1]].
struct Axis {
    uint32_t tapStep;
    int32_t sourceStep; // from tap to tap
    uint32_t classes;
    Place* places;
    uint32_t* begin;

    /// Source offset of tap i of a class, counted from Place::source.
    uint32_t relative(uint32_t i, uint32_t count) const {
        return sourceStep < 0 ? (count - 1 - i) * uint32_t(-sourceStep) : i * uint32_t(sourceStep);
    }
};

inline uint32_t greatestDivisor(uint32_t a, uint32_t b) {
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/// Forward: result = output, source = input, source = result * stride + tap * dilation - pad.
inline Place forwardPlace(int64_t at, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation, int64_t sources) {
    const int64_t origin = at * stride - pad;
    const int64_t first = origin >= 0 ? 0 : ceilDivide(-origin, dilation);
    const int64_t end = origin >= sources ? 0 : least(kernel, (sources - 1 - origin) / dilation + 1);
    if (first >= end) return {uint32_t(at), 0, 0, 0};
    return {uint32_t(at), uint32_t(origin + first * dilation), uint32_t(first), uint32_t(end - first)};
}

/// Backward-data: result = input, source = output, source * stride = result + pad - tap * dilation where that divides.
inline Place backwardPlace(int64_t at, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation, int64_t sources, int64_t tapStep) {
    Place place{uint32_t(at), 0, 0, 0};
    for (int64_t tap = 0; tap < least(kernel, tapStep); ++tap) {
        if ((at + pad - tap * dilation) % stride != 0) continue;
        for (int64_t t = tap; t < kernel; t += tapStep) {
            const int64_t scaled = at + pad - t * dilation;
            if (scaled < 0 || scaled / stride >= sources) continue;
            if (place.count++ == 0) place.first = uint32_t(t);
            place.source = uint32_t(scaled / stride); // falls with t: the last one is the smallest
        }
        break; // one residue at most solves the congruence within a step
    }
    return place;
}

/// Fills an axis of `results` coordinates; scratch slots `Slot` and `Slot + 1` hold it.
template <unsigned Slot>
inline Axis makeAxis(bool forward, uint32_t results, uint32_t sources, uint32_t kernel, uint32_t stride, int32_t pad, uint32_t dilation) {
    const uint32_t common = greatestDivisor(stride, dilation);
    Axis axis;
    axis.tapStep = forward ? 1 : stride / common;
    axis.sourceStep = forward ? int32_t(dilation) : -int32_t(dilation / common);
    axis.places = scratch<Place, Slot>(results);
    axis.begin = scratch<uint32_t, Slot + 1>(size_t(results) + 1);
    // Insertion by class keeps coordinates of a class ascending; there are few classes and each is found from the back.
    uint32_t filled = 0;
    for (uint32_t at = 0; at < results; ++at) {
        const Place place = forward ? forwardPlace(at, kernel, stride, pad, dilation, sources)
                                    : backwardPlace(at, kernel, stride, pad, dilation, sources, axis.tapStep);
        uint32_t to = filled++;
        const auto after = [&place](const Place& other) {
            return other.first > place.first || (other.first == place.first && other.count > place.count);
        };
        for (; to > 0 && after(axis.places[to - 1]); --to) axis.places[to] = axis.places[to - 1];
        axis.places[to] = place;
    }
    axis.classes = 0;
    for (uint32_t i = 0; i < results; ++i)
        if (i == 0 || axis.places[i].first != axis.places[i - 1].first || axis.places[i].count != axis.places[i - 1].count) axis.begin[axis.classes++] = i;
    axis.begin[axis.classes] = results;
    return axis;
}

} // namespace crema
