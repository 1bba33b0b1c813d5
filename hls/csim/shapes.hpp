// Shapes for csim and the benchmark: random ones that reach every corner, and helpers to lay tensors out.
#pragma once
#include "../engine/descriptor.hpp"
#include <cstddef>
#include <random>
#include <vector>

namespace crema {

using Random = std::mt19937;

inline uint32_t draw(Random& random, uint32_t low, uint32_t high) { return low + uint32_t(random() % (high - low + 1)); }

inline size_t blocksOf(const OpDescriptor& d) { return (d.batch + d.lanes - 1) / d.lanes; }
inline size_t topSize(const OpDescriptor& d) { return blocksOf(d) * d.lanes * d.outputs * d.outHeight * d.outWidth; }
inline size_t bottomSize(const OpDescriptor& d) { return blocksOf(d) * d.lanes * d.channels * d.height * d.width; }
inline size_t weightSize(const OpDescriptor& d) { return size_t(d.outputs) * (d.channels / d.groups) * d.kernelH * d.kernelW; }

/// Sets magic, output size and the full ranges of rows and blocks of a descriptor whose other fields are set.
inline void complete(OpDescriptor& d) {
    d.magic = kMagic;
    d.abi = kAbiVersion;
    if (d.elementBits == 0) d.elementBits = 32;
    const auto out = [](uint32_t in, uint32_t kernel, uint32_t stride, int32_t pad, uint32_t dilation) {
        return uint32_t((int64_t(in) + 2 * pad - (int64_t(kernel - 1) * dilation + 1)) / stride + 1);
    };
    d.outHeight = out(d.height, d.kernelH, d.strideH, d.padH, d.dilationH);
    d.outWidth = out(d.width, d.kernelW, d.strideW, d.padW, d.dilationW);
    d.rowBegin = 0;
    d.rowEnd = d.op == kConvBackwardData || d.op == kInnerBackwardData ? d.channels : d.outputs;
    d.blockBegin = 0;
    d.blockEnd = uint32_t(blocksOf(d));
}

inline OpDescriptor convolution(uint32_t batch, uint32_t lanes, uint32_t channels, uint32_t size, uint32_t outputs, uint32_t kernel, uint32_t stride,
                                int32_t pad, uint32_t groups = 1) {
    OpDescriptor d{};
    d.op = kConvForward;
    d.lanes = lanes, d.batch = batch, d.groups = groups, d.channels = channels, d.outputs = outputs;
    d.height = d.width = size;
    d.kernelH = d.kernelW = kernel;
    d.strideH = d.strideW = stride;
    d.padH = d.padW = pad;
    d.dilationH = d.dilationW = 1;
    complete(d);
    return d;
}

inline OpDescriptor innerProduct(uint32_t batch, uint32_t lanes, uint32_t inputs, uint32_t outputs) {
    OpDescriptor d = convolution(batch, lanes, inputs, 1, outputs, 1, 1, 0);
    d.op = kInnerForward;
    return d;
}

/// A convolution with groups, strides beyond the kernel, pads beyond half of it, dilation and rectangles.
inline OpDescriptor randomConvolution(Random& random) {
    for (;;) {
        OpDescriptor d{};
        d.lanes = random() % 2 ? 16 : 8;
        d.batch = draw(random, 1, 37);
        d.groups = random() % 3 == 0 ? draw(random, 1, 4) : 1;
        d.channels = d.groups * draw(random, 1, random() % 4 ? 7 : 40);
        d.outputs = d.groups * draw(random, 1, random() % 4 ? 15 : 40);
        d.height = draw(random, 1, 11), d.width = draw(random, 1, 11);
        d.kernelH = draw(random, 1, 5), d.kernelW = draw(random, 1, 5);
        d.strideH = draw(random, 1, 4), d.strideW = draw(random, 1, 4);
        d.padH = int32_t(draw(random, 0, d.kernelH)), d.padW = int32_t(draw(random, 0, d.kernelW));
        d.dilationH = random() % 4 ? 1 : draw(random, 1, 3), d.dilationW = random() % 4 ? 1 : draw(random, 1, 3);
        const auto fits = [](uint32_t in, int32_t pad, uint32_t kernel, uint32_t dilation) { return in + 2 * uint32_t(pad) >= (kernel - 1) * dilation + 1; };
        if (!fits(d.height, d.padH, d.kernelH, d.dilationH) || !fits(d.width, d.padW, d.kernelW, d.dilationW)) continue;
        d.op = draw(random, kConvForward, kConvBackwardWeights);
        complete(d);
        return d;
    }
}

inline OpDescriptor randomInner(Random& random) {
    OpDescriptor d = innerProduct(draw(random, 1, 37), random() % 2 ? 16 : 8, draw(random, 1, random() % 4 ? 70 : 2600), draw(random, 1, 70));
    d.op = draw(random, kInnerForward, kInnerBackwardWeights);
    complete(d);
    return d;
}

} // namespace crema
