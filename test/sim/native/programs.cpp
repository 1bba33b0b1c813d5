// All programs of this folder in one, since the headers cost more to compile than they do: programs <which> <kernels.so> [arguments].
#include "errors.cpp"
#include "events.cpp"
#include "faults.cpp"
#include "latency.cpp"
#include "memory.cpp"

int main(int count, char **arguments) {
    const std::string which = count > 1 ? arguments[1] : "";
    if (which == "errors") return errors::run(arguments + 1);
    if (which == "events") return events::run(arguments + 1);
    if (which == "faults") return faults::run(arguments + 1);
    if (which == "latency") return latency::run(arguments + 1);
    if (which == "memory") return memory::run(arguments + 1);
    std::fprintf(stderr, "no program '%s'\n", which.c_str());
    return 2;
}
