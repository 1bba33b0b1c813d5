// Convolution geometry in any number of spatial axes, and the rows of its im2col matrix, made piecewise and never stored whole.
#pragma once
#include "../vector.hpp"

#include <algorithm>
#include <cstdint>

namespace crema {

constexpr int64_t kMaxAxes = 8;

// Images are [batch][channels][in...], outputs [batch][outputs][out...], weights [outputs][channels / group][kernel...].
struct Convolution {
    int64_t batch, channels, outputs, group, axes;
    int64_t in[kMaxAxes], out[kMaxAxes], kernel[kMaxAxes], stride[kMaxAxes], pad[kMaxAxes], dilation[kMaxAxes];
    int64_t inSize, outSize, kernelSize;

    // From TypeScript: batch, channels, outputs, group, axes, then in, out, kernel, stride, pad, dilation per axis.
    explicit Convolution(const int64_t *from)
        : batch(from[0]), channels(from[1]), outputs(from[2]), group(from[3]), axes(from[4]), inSize(1), outSize(1),
          kernelSize(1) {
        int64_t *fields[] = {in, out, kernel, stride, pad, dilation};
        from += 5;
        for (int64_t *field : fields)
            for (int64_t a = 0; a < kMaxAxes; a++) field[a] = a < axes ? *from++ : 1;
        for (int64_t a = 0; a < axes; a++) {
            inSize *= in[a];
            outSize *= out[a];
            kernelSize *= kernel[a];
        }
    }

    int64_t depth() const { return channels / group * kernelSize; } // rows of the column matrix of a group
};

/*
 * Calls run(to, from, count, step) for the pieces of im2col row `tap` (kernel offset in reading order) at output positions
 * [begin, end): outputs begin + to … to + count - 1 come from image elements from, from + step, …; from < 0 means padding.
 */
template <class Run> void columnRuns(const Convolution &g, int64_t tap, int64_t begin, int64_t end, Run run) {
    const int64_t last = g.axes - 1, width = g.out[last];
    int64_t offset[kMaxAxes];
    for (int64_t a = last; a >= 0; a--) {
        offset[a] = tap % g.kernel[a] * g.dilation[a] - g.pad[a];
        tap /= g.kernel[a];
    }
    const int64_t step = g.stride[last];
    // Output columns whose input lies inside the image.
    const int64_t low = offset[last] >= 0 ? 0 : std::min(width, (-offset[last] + step - 1) / step);
    const int64_t reach = g.in[last] - offset[last];
    const int64_t high = std::max(low, reach <= 0 ? 0 : std::min(width, (reach + step - 1) / step));
    // Output place of the axes before the last, kept as a counter: divisions would cost more than the copies.
    int64_t place[kMaxAxes], column = begin % width;
    for (int64_t a = last - 1, rest = begin / width; a >= 0; a--) {
        place[a] = rest % g.out[a];
        rest /= g.out[a];
    }
    for (int64_t at = begin; at < end;) {
        const int64_t until = std::min(width, column + end - at);
        int64_t row = 0;
        bool inside = true;
        for (int64_t a = 0; a < last; a++) {
            const int64_t from = place[a] * g.stride[a] + offset[a];
            inside = inside && from >= 0 && from < g.in[a];
            row = row * g.in[a] + from;
        }
        const int64_t from = inside ? std::clamp(low, column, until) : until, to = inside ? std::clamp(high, from, until) : until;
        if (from > column) run(at - begin, -1, from - column, 0);
        if (to > from) run(at - begin + from - column, row * g.in[last] + from * step + offset[last], to - from, step);
        if (until > to) run(at - begin + to - column, -1, until - to, 0);
        at += until - column;
        column = 0;
        for (int64_t a = last - 1; a >= 0 && ++place[a] == g.out[a]; a--) place[a] = 0;
    }
}

// Rows are short: eight floats at a time beat a call. Neither side is read or written past `count`.
inline void copyShort(const float *from, int64_t count, float *to) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) store<8>(to + i, load<8>(from + i));
    for (; i < count; i++) to[i] = from[i];
}

// Row `tap` of the column matrix of one channel, positions [begin, end), to `target`.
inline void columnRow(const Convolution &g, const float *channel, int64_t tap, int64_t begin, int64_t end, float *target) {
    columnRuns(g, tap, begin, end, [=](int64_t to, int64_t from, int64_t count, int64_t step) {
        if (from < 0)
            std::fill(target + to, target + to + count, 0.0f);
        else if (step == 1)
            copyShort(channel + from, count, target + to);
        else
            for (int64_t i = 0; i < count; i++) target[to + i] = channel[from + i * step];
    });
}

// The transpose: adds `source` back to the channel.
inline void addColumnRow(const Convolution &g, const float *source, int64_t tap, int64_t begin, int64_t end, float *channel) {
    columnRuns(g, tap, begin, end, [=](int64_t to, int64_t from, int64_t count, int64_t step) {
        if (from < 0) return;
        if (step == 1)
            for (int64_t i = 0; i < count; i++) channel[from + i] += source[to + i];
        else
            for (int64_t i = 0; i < count; i++) channel[from + i * step] += source[to + i];
    });
}

} // namespace crema
