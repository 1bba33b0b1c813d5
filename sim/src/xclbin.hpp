// The axlf container ("xclbin2") and what the emulator needs of its sections. Layout: Xilinx' public xclbin.h.
#pragma once
#include "board.hpp"
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

struct KernelArg {
    std::string name, type;
    bool global; // address qualifier 1: a buffer
    size_t size; // bytes clSetKernelArg expects
};

struct KernelInfo {
    std::string name;
    std::vector<KernelArg> args;
};

struct ComputeUnit {
    std::string name; // instance, e.g. "crema_engine_1"
    size_t kernel;    // index into Xclbin::kernels
    std::map<size_t, std::vector<int>> wiring; // argument -> memory banks
};

struct Xclbin {
    std::array<unsigned char, 16> uuid;
    std::vector<Bank> banks;
    std::vector<KernelInfo> kernels;
    std::vector<ComputeUnit> computeUnits;
    std::string_view bitstream; // points into the bytes given to parseXclbin
};

// Throws Refusal(CL_INVALID_BINARY) with the reason for anything truncated, foreign or inconsistent.
Xclbin parseXclbin(std::string_view bytes);

// The uuid in the header, if the bytes have an axlf header at all.
std::optional<std::array<unsigned char, 16>> uuidOf(std::string_view bytes);

// Kernels and their arguments from EMBEDDED_METADATA.
std::vector<KernelInfo> parseKernelMetadata(std::string_view xml);
