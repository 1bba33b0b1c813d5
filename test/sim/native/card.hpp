// What every test program of the emulated card begins with: a card with a context, a queue and the demo bitstream.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include "axlf.hpp"
#include <CL/cl.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>

inline int failures = 0;

#define EXPECT(condition) \
    do { \
        if (!(condition)) { \
            std::printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            failures++; \
        } \
    } while (0)
#define EXPECT_EQ(found, expected) \
    do { \
        const long long found_ = (long long)(found), expected_ = (long long)(expected); \
        if (found_ != expected_) { \
            std::printf("%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #found, found_, expected_); \
            failures++; \
        } \
    } while (0)
#define OK(call) EXPECT_EQ(call, CL_SUCCESS)

extern "C" const char *crema_sim_last_message();

inline int finish() {
    std::printf(failures ? "%d failures\n" : "passed\n", failures);
    return failures != 0;
}

struct Card {
    cl_platform_id platform = nullptr;
    cl_device_id device = nullptr;
    cl_context context = nullptr;
    cl_command_queue queue = nullptr, ordered = nullptr; // out of order, in order
    cl_program program = nullptr;
    std::string bitstream;
    bool strict;

    explicit Card(const char *kernels, bool load = true) : bitstream(fileBytes(kernels)) {
        const char *mode = std::getenv("CREMA_SIM_MEMORY");
        strict = !mode || std::string(mode) == "strict";
        cl_int error;
        OK(clGetPlatformIDs(1, &platform, nullptr));
        OK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ACCELERATOR, 1, &device, nullptr));
        context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &error);
        OK(error);
        queue = clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &error);
        OK(error);
        ordered = clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &error);
        OK(error);
        if (!load) return;
        program = this->load(makeXclbin(bitstream), &error);
        OK(error);
    }
    cl_program load(const std::string &xclbin, cl_int *error, cl_int *status = nullptr) {
        const size_t size = xclbin.size();
        const auto *bytes = reinterpret_cast<const unsigned char *>(xclbin.data());
        return clCreateProgramWithBinary(context, 1, &device, &size, &bytes, status, error);
    }
    cl_kernel kernel(const char *name) {
        cl_int error;
        cl_kernel made = clCreateKernel(program, name, &error);
        OK(error);
        return made;
    }
    cl_mem buffer(size_t bytes, void *host = nullptr) {
        cl_int error;
        cl_mem made = clCreateBuffer(context, CL_MEM_READ_WRITE | (host ? CL_MEM_USE_HOST_PTR : 0), bytes, host, &error);
        OK(error);
        return made;
    }
    cl_kernel nap(cl_mem out, int milliseconds, const char *name = "nap") {
        cl_kernel made = kernel(name);
        OK(clSetKernelArg(made, 0, sizeof out, &out));
        OK(clSetKernelArg(made, 1, sizeof milliseconds, &milliseconds));
        return made;
    }
    ~Card() {
        if (program) OK(clReleaseProgram(program));
        OK(clReleaseCommandQueue(queue));
        OK(clReleaseCommandQueue(ordered));
        OK(clReleaseContext(context));
    }
};

template <class T> T *pages(size_t count) {
    auto *memory = static_cast<T *>(std::aligned_alloc(4096, (count * sizeof(T) + 4095) / 4096 * 4096));
    std::memset(static_cast<void *>(memory), 0, count * sizeof(T));
    return memory;
}

inline cl_int statusOf(cl_event event) {
    cl_int status;
    OK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr));
    return status;
}

template <class T, class Object, class Query, class Name> T info(Query query, Object object, Name name) {
    T value{};
    OK(query(object, name, sizeof value, &value, nullptr));
    return value;
}

template <class Done> bool within(int milliseconds, Done done) {
    for (int i = 0; i < milliseconds; i++) {
        if (done()) return true;
        usleep(1000);
    }
    return done();
}
