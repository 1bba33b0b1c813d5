// Walks a tensor in pieces that lie in one lane block and one exponent group, and carries floats between row-major [N][R] and tiles
// of R x B lanes, 8 x 8 at a time in registers.
#pragma once
#include "../parallel.hpp"
#include "../transpose.hpp"

#include <algorithm>
#include <vector>

namespace crema {

// Rows of a tile that is turned and quantised while it is in the first-level cache.
constexpr int64_t kTile = 64;

// R = `rest` elements per image; every `group` of them share an exponent, the last group may be shorter.
struct TensorView {
    int64_t batch, rest, group, lanes;
    int64_t blocks() const { return (batch + lanes - 1) / lanes; }
    int64_t groups() const { return rest == 0 ? 0 : (rest + group - 1) / group; }
};

struct Piece {
    int64_t index, block, images, group, begin, end; // elements [begin, end) of the rest
};

constexpr int64_t kStrip = 4096; // elements of the rest, over all lanes about: a piece of work

inline int64_t stripOf(const TensorView &view) { return std::max<int64_t>(64, kStrip / view.lanes); }

inline int64_t pieceCount(const TensorView &view) {
    const int64_t strips = (view.group + stripOf(view) - 1) / std::max<int64_t>(1, stripOf(view));
    return view.rest == 0 ? 0 : view.blocks() * view.groups() * strips;
}

// body(piece) for every piece, on all threads; pieces never depend on the number of threads.
template <class Body> void forPieces(const TensorView &view, Body body) {
    const int64_t strip = stripOf(view), strips = (view.group + strip - 1) / strip, groups = view.groups();
    parallelFor(pieceCount(view), 4, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) {
            const int64_t block = i / (groups * strips), g = i / strips % groups, s = i % strips;
            const int64_t limit = std::min(view.rest, (g + 1) * view.group);
            const int64_t begin = g * view.group + s * strip, end = std::min(limit, begin + strip);
            if (begin < end) body(Piece{i, block, std::min(view.lanes, view.batch - block * view.lanes), g, begin, end});
        }
    });
}

// Images `rows` apart by `rest` into tile[i][lane], i < count; lanes from `images` on become zero.
template <int B> void gather(const float *rows, int64_t rest, int64_t images, int64_t count, float *tile) {
    int64_t i = 0;
    if constexpr (B % 8 == 0) {
        for (; i + 8 <= count; i += 8)
            for (int64_t lane = 0; lane < B; lane += 8) {
                Vector<8>::F turned[8];
                const int64_t valid = std::max<int64_t>(0, std::min<int64_t>(8, images - lane));
                transpose8(valid > 0 ? rows + lane * rest + i : rows, rest, valid, turned);
                for (int k = 0; k < 8; k++) store<8>(tile + (i + k) * B + lane, turned[k]);
            }
    }
    for (; i < count; i++)
        for (int64_t lane = 0; lane < B; lane++) tile[i * B + lane] = lane < images ? rows[lane * rest + i] : 0.0f;
}

// The way back: tile[i][lane] to image `lane` at rows + lane * rest + i; with Add it is added.
template <int B, bool Add> void scatter(const float *tile, int64_t rest, int64_t images, int64_t count, float *rows) {
    int64_t i = 0;
    if constexpr (B % 8 == 0) {
        for (; i + 8 <= count; i += 8)
            for (int64_t lane = 0; lane < images; lane += 8) {
                Vector<8>::F turned[8];
                transpose8(tile + i * B + lane, B, 8, turned);
                for (int64_t k = 0; k < 8 && lane + k < images; k++) {
                    float *to = rows + (lane + k) * rest + i;
                    store<8>(to, Add ? load<8>(to) + turned[k] : turned[k]);
                }
            }
    }
    for (; i < count; i++)
        for (int64_t lane = 0; lane < images; lane++) {
            float &to = rows[lane * rest + i];
            to = Add ? to + tile[i * B + lane] : tile[i * B + lane];
        }
}

// gather() and scatter() for the lane counts that blocked tensors may have. Only these two are compiled for each count: what else is
// done with a tile is the same for all.
template <class Body> void withBlockedLanes(int64_t lanes, Body body) {
    switch (lanes) {
    case 8: body(std::integral_constant<int, 8>{}); break;
    case 16: body(std::integral_constant<int, 16>{}); break;
    case 32: body(std::integral_constant<int, 32>{}); break;
    default: body(std::integral_constant<int, 64>{});
    }
}

constexpr int64_t kMostLanes = 64;

} // namespace crema
