// A kernel launch: arguments are taken as they are now, the compute unit is chosen when one is free.
#include "arena.hpp"
#include "faults.hpp"
#include "objects.hpp"
#include <algorithm>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace {

struct Launch {
    Hold<_cl_program> program; // keeps the bitstream loaded
    size_t kernel;
    uint64_t number;
    std::vector<ArgValue> args;
    std::vector<void *> addresses; // of buffer arguments
    std::vector<void *> pointers;  // what the entry point gets: a pointer to each argument's value

    std::string name(size_t unit) const {
        const Xclbin &xclbin = program->image->xclbin;
        return xclbin.kernels[kernel].name + " on " + xclbin.computeUnits[unit].name + ", launch " + std::to_string(number);
    }
};

void flipBit(Launch &launch, const Fault &fault) {
    const auto index = static_cast<size_t>(fault.value);
    if (index >= launch.args.size() || !launch.args[index].buffer || fault.bit / 8 >= launch.args[index].buffer->size) {
        report("CREMA_SIM_FAULT: flip: argument " + std::to_string(fault.value) + " has no bit " + std::to_string(fault.bit));
        return;
    }
    static_cast<unsigned char *>(launch.addresses[index])[fault.bit / 8] ^= static_cast<unsigned char>(1u << (fault.bit % 8));
}

// Overruns that end before the guard page show here.
bool overrun(const Launch &launch, size_t unit) {
    bool found = false;
    for (const ArgValue &arg : launch.args) {
        if (!arg.buffer || arg.buffer->root().zeroCopy) continue;
        const _cl_mem &root = arg.buffer->root();
        if (slackIntact(root.memory, root.size)) continue;
        report("kernel " + launch.name(unit) + ": wrote behind the end of " + root.label);
        found = true;
    }
    return found;
}

cl_int run(Launch &launch, size_t unit) {
    const std::vector<Fault> faults = faultsOf(launch.number);
    bool stale = false;
    for (const Fault &fault : faults) {
        if (fault.kind == "hang") hangForever();
        if (fault.kind == "kill") raise(SIGKILL);
        if (fault.kind == "dead") {
            killCard();
            hangForever();
        }
        if (fault.kind == "delay") usleep(static_cast<useconds_t>(fault.value * 1000));
        if (fault.kind == "error") return static_cast<cl_int>(fault.value);
        if (fault.kind == "stale") stale = true;
    }
    if (!stale) {
        void *address = nullptr;
        if (!runContained(launch.program->image->entries[launch.kernel], launch.pointers.data(), address)) {
            const std::string place = describeAddress(address);
            char number[32];
            std::snprintf(number, sizeof number, "%p", address);
            report("kernel " + launch.name(unit) + ": memory fault at " + number + (place.empty() ? "" : ", " + place));
            return CL_OUT_OF_RESOURCES;
        }
    }
    for (const Fault &fault : faults)
        if (fault.kind == "flip") flipBit(launch, fault);
    return overrun(launch, unit) ? CL_OUT_OF_RESOURCES : CL_COMPLETE;
}

// Compute units of the kernel whose ports reach the banks of all buffers.
Units reachable(const _cl_kernel &kernel, const std::vector<ArgValue> &args) {
    Units units;
    for (size_t unit : kernel.computeUnits) {
        const auto &wiring = kernel.program->image->xclbin.computeUnits[unit].wiring;
        bool all = true;
        for (size_t i = 0; i < args.size() && all; i++) {
            if (!args[i].buffer) continue;
            const auto wired = wiring.find(i);
            all = wired != wiring.end() && std::count(wired->second.begin(), wired->second.end(), args[i].buffer->root().bank) > 0;
        }
        units[unit] = all;
    }
    return units;
}

void launch(cl_command_queue queue, cl_kernel kernel, cl_command_type type, cl_uint waits, const cl_event *list, cl_event *event) {
    auto job = std::make_shared<Launch>();
    {
        std::lock_guard<std::mutex> lock(kernel->mutex);
        job->args = kernel->args;
    }
    if (kernel->program->context.get() != queue->context.get()) throw Refusal(CL_INVALID_CONTEXT);
    if (kernel->program->device != queue->device) throw Refusal(CL_INVALID_PROGRAM_EXECUTABLE);
    const auto unset = std::find_if(job->args.begin(), job->args.end(), [](const ArgValue &arg) { return !arg.set; });
    if (unset != job->args.end())
        throw Refusal(CL_INVALID_KERNEL_ARGS, "kernel " + kernel->info().name + ": argument " + std::to_string(unset - job->args.begin()) + " is not set");
    job->program = kernel->program;
    job->kernel = kernel->index;
    for (const ArgValue &arg : job->args) {
        if (arg.buffer && arg.buffer->context.get() != queue->context.get()) throw Refusal(CL_INVALID_CONTEXT);
        job->addresses.push_back(arg.buffer ? arg.buffer->place(queue->device) : nullptr);
    }
    const Units units = reachable(*kernel, job->args);
    if (units.none()) throw Refusal(CL_MEM_OBJECT_ALLOCATION_FAILURE, "kernel " + kernel->info().name + ": no compute unit is wired to the memory banks of all its buffers");
    for (size_t i = 0; i < job->args.size(); i++) {
        if (job->args[i].buffer) job->args[i].buffer->root().written = true; // the card does not say which it writes
        job->pointers.push_back(job->args[i].bytes.empty() ? static_cast<void *>(&job->addresses[i]) : job->args[i].bytes.data());
    }
    {
        std::lock_guard<std::mutex> lock(queue->device->mutex);
        job->number = ++queue->device->launches;
    }
    faultsOf(job->number); // a script that cannot be read fails here, not in a worker
    enqueue({queue, type, kernel->program->image->computeUnits, units, [job](size_t unit) {
        try {
            return run(*job, unit);
        } catch (...) {
            report("kernel " + job->name(unit) + " threw an exception");
            return cl_int{CL_OUT_OF_RESOURCES};
        }
    }}, waits, list, event);
}

} // namespace

CREMA_CL cl_int CL_API_CALL clEnqueueTask(cl_command_queue queue, cl_kernel kernel, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        require(kernel, CL_INVALID_KERNEL);
        launch(queue, kernel, CL_COMMAND_TASK, waits, list, event);
    });
}

CREMA_CL cl_int CL_API_CALL clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *global, const size_t *local, cl_uint waits, const cl_event *list, cl_event *event) {
    return guarded([&] {
        require(queue, CL_INVALID_COMMAND_QUEUE);
        require(kernel, CL_INVALID_KERNEL);
        if (dimensions < 1 || dimensions > 3) throw Refusal(CL_INVALID_WORK_DIMENSION);
        for (cl_uint i = 0; i < dimensions; i++) {
            if (!global || global[i] != 1) throw Refusal(CL_INVALID_GLOBAL_WORK_SIZE, "clEnqueueNDRangeKernel: HLS kernels are single work-items: global size must be 1");
            if (local && local[i] != 1) throw Refusal(CL_INVALID_WORK_GROUP_SIZE);
            if (offset && offset[i] != 0) throw Refusal(CL_INVALID_GLOBAL_OFFSET);
        }
        launch(queue, kernel, CL_COMMAND_NDRANGE_KERNEL, waits, list, event);
    });
}
