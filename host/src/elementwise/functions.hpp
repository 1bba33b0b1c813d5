// Sigmoid and tanh without branches or calls, so that loops over them vectorise. Error below 3e-7 of the value.
#pragma once
#include "../elementary.hpp"

namespace crema {

inline float sigmoid(float x) { return 1.0f / (1.0f + fastExp(-x)); }

// Odd polynomial near zero, where the quotient would lose digits.
inline float hyperbolicTangent(float x) {
    const float z = x * x;
    float q = 2.24933e-3f;
    q = q * z - 8.30512e-3f;
    q = q * z + 2.175693e-2f;
    q = q * z - 5.395778e-2f;
    q = q * z + 1.3333297e-1f;
    q = q * z - 3.3333333e-1f;
    const float near = x + x * z * q;
    const float far = 1.0f - 2.0f / (fastExp(2.0f * x) + 1.0f);
    return z < 0.36f ? near : far;
}

} // namespace crema
