// The handles of the API and what they own.
#pragma once
#include "board.hpp"
#include "image.hpp"
#include "scheduler.hpp"
#include <map>

enum class MemoryMode { Strict, Shared };
MemoryMode memoryMode(); // CREMA_SIM_MEMORY

struct _cl_platform_id : Object {};

struct _cl_device_id : Object {
    Board board;
    std::shared_ptr<Pool> transfers; // worker 0: to the card, worker 1: from the card; started on first use
    std::mutex mutex;                // guards what follows
    std::weak_ptr<Image> image;      // the bitstream that is loaded
    std::vector<uint64_t> bankUsed;  // bytes
    uint64_t launches = 0;

    const std::shared_ptr<Pool> &transferPool();
    std::vector<Bank> banks(); // of the loaded bitstream, else of the board; with the mutex held
};

struct _cl_context : Object {
    std::vector<cl_device_id> devices;
    std::vector<cl_context_properties> properties;
    bool has(cl_device_id device) const;
};

struct _cl_command_queue : Object {
    Hold<_cl_context> context;
    cl_device_id device = nullptr;
    cl_command_queue_properties properties = 0;
    std::atomic<uint64_t> oldest{UINT64_MAX}; // sequence of the oldest command that has not ended
    // Guarded by schedulerMutex().
    uint64_t newest = 0;
    std::map<uint64_t, Hold<_cl_event>> live;
    Hold<_cl_event> last, barrier; // dropped when they end: an event holds its queue
};

struct Mapping {
    char *pointer;
    size_t offset, bytes;
    cl_map_flags flags;
};

// A buffer or a sub-buffer. Sub-buffers own nothing: everything but origin and size is their parent's.
struct _cl_mem : Object {
    Hold<_cl_context> context;
    Hold<_cl_mem> parent;
    size_t origin = 0, size = 0;
    cl_mem_flags flags = 0;
    void *userPointer = nullptr;
    std::string label;
    std::vector<std::pair<void(CL_CALLBACK *)(cl_mem, void *), void *>> destructors;
    // Of a parent; guarded by mutex.
    std::mutex mutex;
    char *host = nullptr;   // the user's memory, or ours, made on demand
    char *memory = nullptr; // on the card; valid once `device` is set
    bool ownsHost = false, zeroCopy = false;
    int bank = -1;
    cl_device_id device = nullptr;
    std::atomic<bool> written{false}; // something on the card may have changed it
    std::vector<Mapping> mappings;

    ~_cl_mem();
    _cl_mem &root() { return parent ? *parent.get() : *this; }
    char *hostAddress();              // host memory behind the buffer; allocates it where there is none
    char *hostAddressIfAny();
    char *place(cl_device_id target); // puts the buffer on the card unless it is there; its address
    void assignBank(int wanted);      // before placement: the bank that a kernel argument is wired to
};

struct _cl_program : Object {
    Hold<_cl_context> context;
    cl_device_id device = nullptr;
    std::shared_ptr<Image> image;
    std::string binary;
};

struct ArgValue {
    bool set = false;
    std::vector<unsigned char> bytes; // a scalar
    Hold<_cl_mem> buffer;             // may be empty: a null pointer
};

struct _cl_kernel : Object {
    Hold<_cl_program> program;
    size_t index = 0; // into Xclbin::kernels
    std::vector<size_t> computeUnits; // indices into Xclbin::computeUnits
    std::mutex mutex;
    std::vector<ArgValue> args;

    const KernelInfo &info() const { return program->image->xclbin.kernels[index]; }
};
