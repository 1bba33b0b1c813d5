// The kernel ABI: one 256-byte op descriptor, the same for every precision, in the emulator, in RTL and on a card.
// All fields are little-endian 32-bit words; orchestrator/kernels/descriptor.ts writes what this struct reads.
#pragma once
#include <cstdint>

namespace crema {

constexpr uint32_t kAbiVersion = 1;
constexpr uint32_t kMagic = 0x414d5243; // "CRMA"

enum Op : uint32_t {
    kConvForward = 1,         // c[n][o][y][x]  = sum over (ci,ky,kx) a[o][ci][ky][kx] * b[n][ci][iy][ix]  (+ bias[o])
    kConvBackwardData = 2,    // c[n][ci][iy][ix] = sum over (o,ky,kx) a[o][ci][ky][kx] * b[n][o][y][x]
    kConvBackwardWeights = 3, // c[o][ci][ky][kx] (+)= sum over (n,y,x) a[n][o][y][x] * b[n][ci][iy][ix]; bias[o] (+)= sum a
    // Inner product = the same three with 1x1 kernels on 1x1 images; channels are the flattened features.
    kInnerForward = 4,        // c[n][o] = sum over k a[o][k] * b[n][k] (+ bias[o]); flag kTransposed: a is [k][o]
    kInnerBackwardData = 5,   // c[n][k] = sum over o a[o][k] * b[n][o]
    kInnerBackwardWeights = 6 // c[o][k] (+)= sum over n a[n][o] * b[n][k]; bias[o] (+)= sum over n a[n][o]
};

enum Flag : uint32_t {
    kBias = 1,        // forward: add bias; backward-weights: also produce the bias gradient
    kAccumulate = 2,  // beta = 1: c (and the bias gradient) are preloaded from memory instead of zero
    kTransposed = 4,  // inner product weights stored [k][o] (Caffe's `transpose: true`)
    kRelu = 8,        // fixed point, forward: negative results become zero in the output unit
    kNoWeights = 16,  // backward-weights: bias gradient only
    kReduceTail = 32, // reserved
    kMaximumOnly = 64 // fixed point: max |sum| is computed, c is not written
};

// Tensors of images are batch-blocked: [ceil(batch/lanes)][channels][height][width][lanes]. Weights are Caffe's
// row-major [out][in/group][kh][kw]. Offsets are in ELEMENTS from the buffer's start. A fixed-point op with kAccumulate is passed over.
struct OpDescriptor {
    uint32_t magic, abi, op, flags;                      // 0..3
    uint32_t lanes, batch, groups, elementBits;          // 4..7
    uint32_t channels, height, width;                    // 8..10   input image (bottom)
    uint32_t outputs, outHeight, outWidth;               // 11..13  output image (top)
    uint32_t kernelH, kernelW, strideH, strideW;         // 14..17
    int32_t padH, padW;                                  // 18..19
    uint32_t dilationH, dilationW;                       // 20..21
    uint32_t rowBegin, rowEnd;                           // 22..23  rows n of C this launch computes: out channels (forward,
                                                         //         weights) or in channels (data); lets compute units share
    uint32_t blockBegin, blockEnd;                       // 24..25  lane blocks of the batch this launch computes (forward, data)
    uint32_t aOffsetLow, aOffsetHigh, bOffsetLow, bOffsetHigh;       // 26..29
    uint32_t cOffsetLow, cOffsetHigh, biasOffsetLow, biasOffsetHigh; // 30..33
    // Fixed point (elementBits 8 or 16); zero for fp32. a, b and c are int8 or int16, words as long as these say; bias is int64.
    uint32_t wordA, wordB, wordC;          // 34..36
    uint32_t shift, rounding;              // 37..38  right shift 0..47; 0 nearest even, 1 stochastic
    uint32_t seedLow, seedHigh;            // 39..40  key of the draws
    uint32_t statisticsLow, statisticsHigh; // 41..42  where in bias, in int64 elements, the op leaves max |sum|, saturated, underflowed, 0
    uint32_t reserved[21];                 // 43..63
};
static_assert(sizeof(OpDescriptor) == 256, "the descriptor is four 512-bit words");

} // namespace crema
