// A loaded bitstream: its description, the shared object's entry points and one worker per compute unit.
#pragma once
#include "scheduler.hpp"
#include "xclbin.hpp"

using KernelEntry = void (*)(void **args);

struct Image {
    Xclbin xclbin;
    std::vector<KernelEntry> entries; // by kernel
    std::shared_ptr<Pool> computeUnits;

    explicit Image(std::string_view bytes);
    ~Image();
};

// Maps the shared object of a BITSTREAM section into the process. It is never unmapped (its threads may live on); the
// same bytes give the same handle. Throws CL_INVALID_BINARY for a bitstream that is no shared object of this machine.
void *loadBitstream(std::string_view bitstream);

// Runs a kernel and contains a memory fault of the calling thread: then false, and the faulting address in `fault`.
// Exceptions of the kernel pass through.
bool runContained(KernelEntry entry, void **args, void *&fault);
