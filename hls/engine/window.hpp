// Tiles of result pixels and the window of the source image each of them sees. Windows are copied into on-chip memory whose
// planes are an odd number of 64-byte lines apart: in place, images of 8, 16 or 32 pixels a side put all channels of a
// pixel into a few sets of any cache (and into one bank of a partitioned memory).
#pragma once
#include "axis.hpp"
#include "multiply.hpp"

namespace crema {

/// Blocks x places x places of one class pair, run together; `depth` channels of the source make one chunk of k.
struct PixelTile {
    uint32_t block, blocks, y, rows, x, columns; // y, x: first place of each axis
    uint32_t firstY, countY, firstX, countX;     // taps of the class
    uint32_t depth;
};

/// The source rectangle of a tile: its corner, its width and, in elements, the distance of channels and of blocks.
struct Window {
    uint32_t y, x, height, width, plane, image;
};

constexpr uint32_t kWindowBytes = 144 << 10; // of a chunk's window, in the second cache
constexpr uint32_t kTilePixels = 128;

/// Extent of `taps` consecutive taps in the source.
inline uint32_t extent(const Axis& axis, uint32_t taps) {
    return taps == 0 ? 0 : (taps - 1) * uint32_t(axis.sourceStep < 0 ? -axis.sourceStep : axis.sourceStep) + 1;
}

inline uint32_t span(const Axis& axis, uint32_t first, uint32_t count, uint32_t taps) {
    return axis.places[first + count - 1].source - axis.places[first].source + extent(axis, taps);
}

/// A plane of `elements`, rounded up to an odd number of 64-byte lines.
inline uint32_t oddPlane(uint32_t elements) { return (ceilDivide(elements, 16u) | 1) * 16; }

inline Window windowOf(const Axis& y, const Axis& x, const PixelTile& tile, uint32_t lanes) {
    Window w;
    w.y = y.places[tile.y].source;
    w.x = x.places[tile.x].source;
    w.height = span(y, tile.y, tile.rows, tile.countY);
    w.width = span(x, tile.x, tile.columns, tile.countX);
    w.plane = oddPlane(w.height * w.width * lanes);
    w.image = w.plane * tile.depth;
    return w;
}

/// to = channels [0, depth) of the window; `from` is channel 0 of the chunk, `plane` elements a channel.
template <class T>
inline void copyWindow(const T* from, size_t plane, uint32_t sourceWidth, const Window& window, uint32_t depth, uint32_t lanes, T* to) {
    const uint32_t line = window.width * lanes;
    for (uint32_t channel = 0; channel < depth; ++channel)
        for (uint32_t row = 0; row < window.height; ++row) {
            const T* source = from + channel * plane + (size_t(window.y + row) * sourceWidth + window.x) * lanes;
            T* target = to + size_t(channel) * window.plane + size_t(row) * line;
            for (uint32_t i = 0; i < line; i += 8) {
#pragma HLS PIPELINE II=1
                store(target + i, load<Vector<T, 8>>(source + i));
            }
        }
}

/// A run of channels in memory: element distances of channels and of blocks, pixels of a row.
template <class T> struct Source {
    const T* base;
    size_t plane, image;
    uint32_t width;
};

/// Channels whose planes are an odd, or twice or four times an odd, number of lines apart use all sets of a cache evenly.
inline bool spreads(size_t planeBytes) { return planeBytes % 512 != 0; }

/// Copies `depth` channels of `blocks` blocks.
template <class T> inline void copyWindows(const Source<T>& source, const Window& window, uint32_t blocks, uint32_t depth, uint32_t lanes, T* memory) {
    for (uint32_t i = 0; i < blocks; ++i)
        copyWindow(source.base + i * source.image, source.plane, source.width, window, depth, lanes, memory + i * size_t(window.image));
}

/// The same, but the emulator reads in place where that is as good: then the window becomes the whole image.
template <class T>
inline const T* openWindow(const Source<T>& source, Window& window, uint32_t blocks, uint32_t depth, uint32_t lanes, T* memory) {
#ifndef __SYNTHESIS__
    if (spreads(source.plane * sizeof(T)) && source.image * blocks < UINT32_MAX) {
        window = {0, 0, 0, source.width, uint32_t(source.plane), uint32_t(source.image)};
        return source.base;
    }
#endif
    window.image = depth * window.plane;
    copyWindows(source, window, blocks, depth, lanes, memory);
    return memory;
}

/// Cuts all class pairs into tiles whose window fits; with null `tiles` it only counts. A chunk of k is about `chunk` steps.
inline uint32_t makePixelTiles(const Axis& y, const Axis& x, uint32_t blockBegin, uint32_t blockEnd, uint32_t depth, uint32_t lanes, PixelTile* tiles,
                               uint32_t chunk = kChunk) {
    uint32_t count = 0;
    for (uint32_t cy = 0; cy < y.classes; ++cy)
        for (uint32_t cx = 0; cx < x.classes; ++cx) {
            const uint32_t ny = y.begin[cy + 1] - y.begin[cy], nx = x.begin[cx + 1] - x.begin[cx];
            const Place &py = y.places[y.begin[cy]], &px = x.places[x.begin[cx]];
            PixelTile tile{0, 1, 0, 1, 0, nx, py.first, py.count, px.first, px.count, 0};
            const uint32_t taps = most(1u, py.count * px.count);
            tile.depth = least(depth, most(1u, (chunk + taps / 2) / taps));
            const auto bytes = [&] {
                return uint64_t(tile.blocks) * tile.depth * span(y, y.begin[cy], tile.rows, py.count) * span(x, x.begin[cx], tile.columns, px.count) * lanes * 4;
            };
            while (tile.columns > 1 && (bytes() > kWindowBytes || tile.columns > kTilePixels)) tile.columns = ceilDivide(tile.columns, 2u);
            const auto grow = [&](uint32_t& size, uint32_t limit) {
                while (size < limit && tile.blocks * tile.rows * tile.columns / size * (size + 1) <= kTilePixels) {
                    ++size;
                    if (bytes() <= kWindowBytes) continue;
                    --size;
                    return;
                }
            };
            grow(tile.rows, ny);
            if (tile.rows == ny && tile.columns == nx) grow(tile.blocks, blockEnd - blockBegin);
            const uint32_t blocks = tile.blocks, rows = tile.rows, columns = tile.columns;
            for (uint32_t b = blockBegin; b < blockEnd; b += blocks)
                for (uint32_t i = 0; i < ny; i += rows)
                    for (uint32_t j = 0; j < nx; j += columns, ++count) {
                        if (!tiles) continue;
                        tile.block = b, tile.blocks = least(blocks, blockEnd - b);
                        tile.y = y.begin[cy] + i, tile.rows = least(rows, ny - i);
                        tile.x = x.begin[cx] + j, tile.columns = least(columns, nx - j);
                        tiles[count] = tile;
                    }
        }
    return count;
}

} // namespace crema
