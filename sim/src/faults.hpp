// Scripted faults of the card, from CREMA_SIM_FAULT: `kind@n[=detail]`, several separated by ';'. n counts kernel launches
// of the process from 1 in the order they are enqueued; `n+` means from there on, `*` every one.
//   hang@3          the launch never ends, its compute unit stays busy
//   error@3=-5      the launch ends with this status without running (default -5)
//   delay@3=20      it takes 20 ms longer
//   flip@3=2.100    bit 100 of argument 2's buffer is wrong afterwards
//   stale@3         it reports success without having run: the old result stays
//   dead@3          the card dies: neither this launch nor anything after it ends
//   kill@3          the process dies by SIGKILL
#pragma once
#include "opencl.hpp"
#include <cstdint>
#include <string>
#include <vector>

struct Fault {
    std::string kind;
    uint64_t from = 1, to = UINT64_MAX;
    int64_t value = 0; // status, milliseconds, or argument
    uint64_t bit = 0;
};

// Throws Refusal(CL_INVALID_VALUE) for a script it does not understand.
std::vector<Fault> parseFaults(const std::string &script);

// The faults that hit a launch, in the order of the script.
std::vector<Fault> faultsOf(uint64_t launch);
