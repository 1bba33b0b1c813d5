// Where a buffer lives: banks, placement on the card, host memory behind it.
#include "arena.hpp"
#include "objects.hpp"
#include <cstdlib>
#include <cstring>

namespace {
uint64_t occupied(const _cl_mem &mem) { return (mem.size + kPage - 1) / kPage * kPage; }
} // namespace

MemoryMode memoryMode() {
    static const MemoryMode mode = [] {
        const char *text = std::getenv("CREMA_SIM_MEMORY");
        if (!text || !std::strcmp(text, "strict")) return MemoryMode::Strict;
        if (!std::strcmp(text, "shared")) return MemoryMode::Shared;
        throw Refusal(CL_INVALID_VALUE, std::string("CREMA_SIM_MEMORY=") + text + ": expected strict or shared");
    }();
    return mode;
}

std::vector<Bank> _cl_device_id::banks() {
    const auto loaded = image.lock();
    return loaded ? loaded->xclbin.banks : board.banks;
}

char *_cl_mem::hostAddress() {
    _cl_mem &owner = root();
    std::lock_guard<std::mutex> lock(owner.mutex);
    if (!owner.host) {
        owner.host = mapHostMemory(owner.size);
        owner.ownsHost = true;
    }
    return owner.host + origin;
}

char *_cl_mem::hostAddressIfAny() {
    _cl_mem &owner = root();
    std::lock_guard<std::mutex> lock(owner.mutex);
    return owner.host ? owner.host + origin : nullptr;
}

void _cl_mem::assignBank(int wanted) {
    _cl_mem &owner = root();
    std::lock_guard<std::mutex> lock(owner.mutex);
    if (!owner.device && owner.bank < 0) owner.bank = wanted;
}

char *_cl_mem::place(cl_device_id target) {
    _cl_mem &owner = root();
    if (owner.zeroCopy) owner.hostAddress();
    std::lock_guard<std::mutex> lock(owner.mutex);
    if (owner.device == target) return owner.memory + origin;
    if (owner.device) throw Refusal(CL_MEM_OBJECT_ALLOCATION_FAILURE, owner.label + " already lives on another card");
    std::lock_guard<std::mutex> deviceLock(target->mutex);
    const std::vector<Bank> banks = target->banks();
    if (owner.bank < 0)
        for (size_t i = banks.size(); i-- > 0;)
            if (banks[i].used) owner.bank = static_cast<int>(i); // the first bank in use
    const auto index = static_cast<size_t>(owner.bank);
    if (owner.bank < 0 || index >= banks.size() || !banks[index].used)
        throw Refusal(CL_MEM_OBJECT_ALLOCATION_FAILURE, owner.label + ": the loaded bitstream has no memory bank " + std::to_string(owner.bank));
    if (target->bankUsed.size() < banks.size()) target->bankUsed.resize(banks.size());
    uint64_t &used = target->bankUsed[index];
    if (used + occupied(owner) > banks[index].bytes)
        throw Refusal(CL_MEM_OBJECT_ALLOCATION_FAILURE, owner.label + ": bank " + banks[index].tag + " has " + std::to_string(banks[index].bytes - std::min(used, banks[index].bytes)) + " bytes left");
    owner.memory = owner.zeroCopy ? owner.host : mapDeviceMemory(owner.size, owner.label);
    used += occupied(owner);
    owner.device = target;
    // CL_MEM_COPY_HOST_PTR is data of the buffer, not a host mirror: it needs no migrate.
    if ((owner.flags & CL_MEM_COPY_HOST_PTR) && !owner.zeroCopy) {
        std::memcpy(owner.memory, owner.host, owner.size);
        owner.written = true;
    }
    return owner.memory + origin;
}

_cl_mem::~_cl_mem() {
    for (size_t i = destructors.size(); i-- > 0;) destructors[i].first(this, destructors[i].second);
    if (parent) return;
    if (device) {
        std::lock_guard<std::mutex> lock(device->mutex);
        device->bankUsed[static_cast<size_t>(bank)] -= occupied(*this);
    }
    if (memory && !zeroCopy) unmapDeviceMemory(memory, size);
    if (ownsHost) unmapHostMemory(host, size);
}
