// How a call fails: inside the library by an exception that carries the OpenCL code, at its border by that code.
#pragma once
#include "opencl.hpp"
#include <string>

struct Refusal {
    cl_int code;
    std::string message; // empty where the code says it all
    explicit Refusal(cl_int code, std::string message = {}) : code(code), message(std::move(message)) {}
};

// Writes "crema_sim: <message>" to stderr (unless CREMA_SIM_QUIET is set) and keeps it for crema_sim_last_message().
void report(const std::string &message);

cl_int codeOfException() noexcept; // of the one that is being handled; a refusal's message is reported

template <class Body> cl_int guarded(Body &&body) noexcept {
    try {
        body();
        return CL_SUCCESS;
    } catch (...) {
        return codeOfException();
    }
}

// For calls that return an object and put the code into an out-parameter.
template <class Body> auto created(cl_int *error, Body &&body) noexcept -> decltype(body()) {
    decltype(body()) result = nullptr;
    const cl_int code = guarded([&] { result = body(); });
    if (error) *error = code;
    return code == CL_SUCCESS ? result : nullptr;
}
