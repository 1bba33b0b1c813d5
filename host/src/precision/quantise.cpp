// float32 to block floating point, from row-major or batch-blocked tensors into batch-blocked (or row-major) ones in one pass; and the
// exact extremes that exponents come from.
#include "quantise.hpp"
#include "../abi.hpp"
#include "tiles.hpp"

namespace {

using namespace crema;

// `count` rows of B lanes, zeros from lane `images` on.
template <int B> void pad(const float *from, int64_t images, int64_t count, float *tile) {
    for (int64_t i = 0; i < count; i++)
        for (int64_t lane = 0; lane < B; lane++) tile[i * B + lane] = lane < images ? from[i * B + lane] : 0.0f;
}

// Calls body(tile, rows, r) with floats as rows of the view's lanes, padding lanes zero, for every tile of the piece.
template <class Body> void forTiles(const float *source, const TensorView &view, bool blocked, const Piece &p, Body body) {
    const int64_t lanes = view.lanes;
    const float *block = source + p.block * lanes * view.rest;
    if (lanes == 1 || (blocked && p.images == lanes)) {
        body(block + p.begin * lanes, p.end - p.begin, p.begin);
        return;
    }
    float tile[kTile * kMostLanes];
    for (int64_t r = p.begin; r < p.end; r += kTile) {
        const int64_t n = std::min(kTile, p.end - r);
        withBlockedLanes(lanes, [&](auto width) {
            if (blocked)
                pad<width.value>(block + r * lanes, p.images, n, tile);
            else
                gather<width.value>(block + r, view.rest, p.images, n, tile);
        });
        body(tile, n, r);
    }
}

template <bool Stochastic, class Out>
void run(const float *source, bool blocked, Out *target, const TensorView &view, const int32_t *exponents, const Quantiser &by,
         std::vector<Statistics> &parts) {
    forPieces(view, [&](const Piece &p) {
        const float scale = std::ldexp(1.0f, -exponents[p.group]);
        const auto stride = static_cast<uint32_t>(view.rest);
        const int64_t block = p.block * view.lanes * view.rest;
        Statistics &part = parts[static_cast<size_t>(p.index)];
        forTiles(source, view, blocked, p, [&](const float *tile, int64_t n, int64_t r) {
            const auto first = static_cast<uint32_t>(block + r);
            quantiseRun<Stochastic>(tile, target + block + r * view.lanes, n, view.lanes, first, stride, scale, by, part);
        });
    });
}

template <class Out>
void quantise(const float *source, bool blocked, Out *target, const TensorView &view, const int32_t *exponents, const Quantiser &by,
              std::vector<Statistics> &parts) {
    if (by.stochastic)
        run<true>(source, blocked, target, view, exponents, by, parts);
    else
        run<false>(source, blocked, target, view, exponents, by, parts);
}

} // namespace

// source: float32, row-major [batch][rest], or blocked in `lanes` where `blocked`. target: elements of `bits` (8 or 16, at least the word) in `lanes` (1, 8, 16,
// 32, 64); padding lanes become zero. exponents: one per `group` elements of the rest, within +-126. mode 1 = stochastic.
// statistics: least, most, saturated, underflowed.
CREMA_API void crema_quantise(const float *source, int32_t blocked, void *target, int32_t bits, int64_t batch, int64_t rest,
                              int64_t group, int64_t lanes, int32_t word, const int32_t *exponents, int32_t mode, uint32_t keyLow, uint32_t keyHigh,
                              double *statistics) {
    const TensorView view{batch, rest, group, lanes};
    const Quantiser by{word, mode == 1, {keyLow, keyHigh}};
    std::vector<Statistics> parts(static_cast<size_t>(pieceCount(view)));
    if (bits == 8)
        quantise(source, blocked != 0, static_cast<int8_t *>(target), view, exponents, by, parts);
    else
        quantise(source, blocked != 0, static_cast<int16_t *>(target), view, exponents, by, parts);
    Statistics all;
    for (const Statistics &part : parts) all.add(part);
    statistics[0] = fromOrdered(all.least);
    statistics[1] = fromOrdered(all.most);
    statistics[2] = static_cast<double>(all.saturated);
    statistics[3] = static_cast<double>(all.underflowed);
}

// extremes: [groups][2], least and most of each group, zero always within; not finite where a value is not.
CREMA_API void crema_extremes(const float *source, int64_t batch, int64_t rest, int64_t group, int64_t lanes, float *extremes) {
    const TensorView view{batch, rest, group, lanes};
    std::vector<Statistics> parts(static_cast<size_t>(pieceCount(view)));
    std::vector<Statistics> groups(static_cast<size_t>(view.groups()));
    std::vector<int64_t> owner(parts.size());
    forPieces(view, [&](const Piece &p) {
        Statistics &part = parts[static_cast<size_t>(p.index)];
        owner[static_cast<size_t>(p.index)] = p.group;
        forTiles(source, view, true, p, [&](const float *tile, int64_t n, int64_t) {
            int32_t least = part.least, most = part.most;
            for (int64_t i = 0; i < n * lanes; i++) {
                const int32_t order = ordered(bitsOf(tile[i]));
                least = order < least ? order : least;
                most = order > most ? order : most;
            }
            part.least = least;
            part.most = most;
        });
    });
    for (size_t i = 0; i < parts.size(); i++) groups[static_cast<size_t>(owner[i])].add(parts[i]);
    for (size_t g = 0; g < groups.size(); g++) {
        extremes[2 * g] = fromOrdered(groups[g].least);
        extremes[2 * g + 1] = fromOrdered(groups[g].most);
    }
}
