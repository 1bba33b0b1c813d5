#include "refusal.hpp"
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>

namespace {
struct LastMessage {
    std::mutex mutex;
    std::string text;
};
LastMessage &last() {
    static LastMessage &instance = *new LastMessage;
    return instance;
}
} // namespace

void report(const std::string &message) {
    static const bool quiet = std::getenv("CREMA_SIM_QUIET") != nullptr;
    std::lock_guard<std::mutex> lock(last().mutex);
    last().text = message;
    if (!quiet) std::fprintf(stderr, "crema_sim: %s\n", message.c_str());
}

cl_int codeOfException() noexcept {
    try {
        throw;
    } catch (const Refusal &refusal) {
        if (!refusal.message.empty()) report(refusal.message);
        return refusal.code;
    } catch (const std::bad_alloc &) {
        return CL_OUT_OF_HOST_MEMORY;
    } catch (...) {
        return CL_OUT_OF_RESOURCES;
    }
}

// The last message of any thread; valid until the calling thread asks again. Never null.
CREMA_CL const char *crema_sim_last_message() {
    static thread_local std::string copy;
    std::lock_guard<std::mutex> lock(last().mutex);
    copy = last().text;
    return copy.c_str();
}
