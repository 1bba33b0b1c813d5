// Blocks of 8 x 8 floats turned in registers.
#pragma once
#include "vector.hpp"

namespace crema {

// Transposes 8 x 8 floats: rows `stride` apart at `from` (those from `rows` on read as zero) into out[k] = element k of each row.
inline void transpose8(const float *from, int64_t stride, int64_t rows, Vector<8>::F out[8]) {
    using F = Vector<8>::F;
    using I = Vector<8>::I;
    F r[8], t[8];
    for (int64_t i = 0; i < 8; i++) r[i] = i < rows ? load<8>(from + i * stride) : F{};
    for (int i = 0; i < 8; i += 2) {
        t[i] = __builtin_shuffle(r[i], r[i + 1], I{0, 8, 2, 10, 4, 12, 6, 14});
        t[i + 1] = __builtin_shuffle(r[i], r[i + 1], I{1, 9, 3, 11, 5, 13, 7, 15});
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + j] = __builtin_shuffle(t[i + j], t[i + j + 2], I{0, 1, 8, 9, 4, 5, 12, 13});
            r[i + j + 2] = __builtin_shuffle(t[i + j], t[i + j + 2], I{2, 3, 10, 11, 6, 7, 14, 15});
        }
    for (int j = 0; j < 4; j++) {
        out[j] = __builtin_shuffle(r[j], r[j + 4], I{0, 1, 2, 3, 8, 9, 10, 11});
        out[j + 4] = __builtin_shuffle(r[j], r[j + 4], I{4, 5, 6, 7, 12, 13, 14, 15});
    }
}

} // namespace crema
