// exp, log and pow for loops that the compiler vectorises: no calls, no branches, no tables. About 2 ulp.
#pragma once
#include <cstdint>
#include <cstring>

namespace crema {

inline float bitsToFloat(int32_t bits) {
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}
inline int32_t floatToBits(float value) {
    int32_t bits;
    std::memcpy(&bits, &value, 4);
    return bits;
}

// e^x. Below -87.3 the result is 0 (denormals are flushed), above 88.7 infinity; NaN stays NaN.
// x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7 (error below 3e-9), scaled by 2^n.
inline float fastExp(float x) {
    const float clamped = x > 88.8f ? 88.8f : (x < -87.3f ? -87.3f : x);
    const float shifted = clamped * 1.44269504088896341f + 12582912.0f; // adding 1.5 * 2^23 rounds to an integer
    const int32_t n = floatToBits(shifted) - 0x4b400000;
    const float whole = shifted - 12582912.0f;
    const float r = (clamped - whole * 0.693359375f) + whole * 2.12194440e-4f; // ln 2 in two parts
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;
    const int32_t half = n >> 1; // two steps, so that 2^128 does not overflow on the way
    const float scaled = p * bitsToFloat((half + 127) << 23) * bitsToFloat((n - half + 127) << 23);
    return x < -87.3f ? 0.0f : (x != x ? x : scaled);
}

// ln x for normal x > 0: x = 2^n m with m in [sqrt 1/2, sqrt 2); ln m = 2 atanh((m - 1) / (m + 1)).
inline float fastLog(float x) {
    const int32_t bits = floatToBits(x);
    const int32_t n = (bits - 0x3f3504f3) >> 23;
    const float m = bitsToFloat(bits - (n << 23));
    const float s = (m - 1) / (m + 1), z = s * s;
    float p = 1.0f / 9;
    p = p * z + 1.0f / 7;
    p = p * z + 1.0f / 5;
    p = p * z + 1.0f / 3;
    const float whole = static_cast<float>(n);
    return whole * 0.693359375f + (2 * s * (1 + z * p) - whole * 2.12194440e-4f);
}

// x^p for normal x > 0 where |p ln x| stays small (LRN's scale): the relative error grows with |p ln x|.
inline float fastPow(float x, float p) { return fastExp(p * fastLog(x)); }

} // namespace crema
