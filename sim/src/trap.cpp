// A kernel that touches memory it should not: the fault is caught, named, and ends the launch instead of the process.
// Works for the compute unit's own thread. A fault in a thread that the kernel started is named, then takes its course.
#include "arena.hpp"
#include "image.hpp"
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace {

struct Trap {
    sigjmp_buf escape;
    void *volatile address = nullptr;
};
// Of the thread that runs a kernel, else null. Static TLS: the handler must not allocate.
__attribute__((tls_model("initial-exec"))) thread_local Trap *volatile armed = nullptr;
struct sigaction previousSegv, previousBus;

void onFault(int signal, siginfo_t *info, void *context) {
    if (Trap *trap = armed) {
        armed = nullptr;
        trap->address = info->si_addr;
        siglongjmp(trap->escape, 1);
    }
    const std::string place = describeAddress(info->si_addr);
    if (!place.empty()) {
        const std::string line = "crema_sim: memory fault of a kernel's helper thread, " + place + "\n";
        if (write(STDERR_FILENO, line.data(), line.size()) < 0) _exit(128 + signal);
    }
    const struct sigaction &previous = signal == SIGSEGV ? previousSegv : previousBus;
    if (previous.sa_flags & SA_SIGINFO) return previous.sa_sigaction(signal, info, context);
    if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
    ::signal(signal, SIG_DFL); // the faulting instruction runs again and ends the process as usual
}

void installOnce() {
    static const bool installed = [] {
        struct sigaction action {};
        action.sa_sigaction = onFault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        sigaction(SIGSEGV, &action, &previousSegv);
        sigaction(SIGBUS, &action, &previousBus);
        return true;
    }();
    static_cast<void>(installed);
}

} // namespace

bool runContained(KernelEntry entry, void **args, void *&fault) {
    installOnce();
    Trap trap;
    if (sigsetjmp(trap.escape, 1)) {
        fault = trap.address;
        return false;
    }
    armed = &trap;
    try {
        entry(args);
    } catch (...) {
        armed = nullptr;
        throw;
    }
    armed = nullptr;
    return true;
}
