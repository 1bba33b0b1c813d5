#include "image.hpp"
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr cl_int kNotLoadable = CL_OUT_OF_HOST_MEMORY; // what XRT's sw_emu returns for a shared object it cannot load

int threadCount() {
    const char *text = std::getenv("CREMA_SIM_THREADS");
    if (!text) return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    char *end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (*end || value < 1 || value > 1024) throw Refusal(CL_INVALID_VALUE, std::string("CREMA_SIM_THREADS=") + text + ": expected a number from 1 to 1024");
    return static_cast<int>(value);
}

// The dynamic linker maps segments without asking whether the file is long enough: a cut file would end the process.
bool wholeSharedObject(std::string_view bytes) {
    Elf64_Ehdr header;
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN || header.e_phentsize != sizeof(Elf64_Phdr)) return false;
    if (header.e_phoff > bytes.size() || (bytes.size() - header.e_phoff) / sizeof(Elf64_Phdr) < header.e_phnum) return false;
    for (size_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_offset > bytes.size() || segment.p_filesz > bytes.size() - segment.p_offset) return false;
    }
    return true;
}

int memoryFile(std::string_view bytes) {
    const int file = memfd_create("crema-bitstream", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < bytes.size();) {
        const ssize_t count = write(file, bytes.data() + done, bytes.size() - done);
        if (count <= 0) {
            close(file);
            return -1;
        }
        done += static_cast<size_t>(count);
    }
    return file;
}

} // namespace

void *loadBitstream(std::string_view bitstream) {
    struct Loaded {
        std::mutex mutex;
        std::map<std::pair<size_t, size_t>, void *> handles; // by length and hash
    };
    static Loaded &loaded = *new Loaded;
    if (bitstream.size() < 64 || std::memcmp(bitstream.data(), "\x7f" "ELF", 4) != 0)
        throw Refusal(CL_INVALID_BINARY, "xclbin: the BITSTREAM section is not a shared object: this file was built for a real card; "
                                         "build it for the emulated one (target sw_emu)");
    if (!wholeSharedObject(bitstream)) throw Refusal(kNotLoadable, "xclbin: the bitstream's shared object is cut or not one of 64 bits");
    std::lock_guard<std::mutex> lock(loaded.mutex);
    void *&handle = loaded.handles[{bitstream.size(), std::hash<std::string_view>{}(bitstream)}];
    if (handle) return handle;
    const int file = memoryFile(bitstream);
    if (file < 0) throw Refusal(kNotLoadable, "cannot create a memory file for the bitstream");
    // The file stays open: dlopen knows libraries by path, and the number in this path must not come back for another.
    handle = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle) return handle;
    const char *reason = dlerror();
    close(file);
    throw Refusal(kNotLoadable, std::string("xclbin: the bitstream's shared object does not load: ") + (reason ? reason : "no reason given"));
}

Image::Image(std::string_view bytes) : xclbin(parseXclbin(bytes)) {
    void *library = loadBitstream(xclbin.bitstream);
    xclbin.bitstream = {}; // the bytes belong to the caller
    for (const KernelInfo &kernel : xclbin.kernels) {
        const std::string symbol = "crema_sim_call_" + kernel.name;
        void *entry = dlsym(library, symbol.c_str());
        if (!entry) throw Refusal(kNotLoadable, "xclbin: the bitstream does not export " + symbol);
        entries.push_back(reinterpret_cast<KernelEntry>(entry));
    }
    if (xclbin.computeUnits.size() > Units().size()) throw Refusal(CL_INVALID_BINARY, "xclbin: more than 128 compute units");
    if (void *setThreads = dlsym(library, "crema_sim_set_threads")) reinterpret_cast<void (*)(int)>(setThreads)(threadCount());
    computeUnits = Pool::start(xclbin.computeUnits.size(), "crema-cu");
}

Image::~Image() {
    if (computeUnits) computeUnits->stop();
}
