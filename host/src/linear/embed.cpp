// Embed: a table of rows looked up by integer labels.
#include "../abi.hpp"
#include "../parallel.hpp"

#include <algorithm>

// y[i] = table[index[i]] (+ bias); bias may be NULL. The caller has checked the indices.
CREMA_API void crema_embed_forward(const float *index, const float *table, const float *bias, float *y, int64_t count,
                                   int64_t outputs) {
    crema::parallelFor(count, 1 + 4096 / (outputs + 1), [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            const float *row = table + static_cast<int64_t>(index[i]) * outputs;
            float *out = y + i * outputs;
            for (int64_t j = 0; j < outputs; j++) out[j] = row[j] + (bias ? bias[j] : 0.0f);
        }
    });
}

// tableDiff[index[i]] += dy[i], i ascending (labels may repeat).
CREMA_API void crema_embed_backward(const float *index, const float *dy, float *tableDiff, int64_t count, int64_t outputs) {
    crema::parallelFor(outputs, 256, [=](int64_t begin, int64_t end) {
        for (int64_t i = 0; i < count; i++) {
            float *row = tableDiff + static_cast<int64_t>(index[i]) * outputs;
            for (int64_t j = begin; j < end; j++) row[j] += dy[i * outputs + j];
        }
    });
}
