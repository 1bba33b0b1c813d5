#include "arena.hpp"
#include "board.hpp"
#include "refusal.hpp"
#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr size_t kPoisonBytes = size_t{4} << 20;
constexpr uint32_t kPoison = 0x7fe5a5a5; // as float a quiet NaN, as int16 -23131 and 32741

struct Mapped {
    size_t bytes;
    std::string label;
};
struct Directory {
    std::mutex mutex;
    std::map<const char *, Mapped> buffers;
};
Directory &directory() {
    static Directory &instance = *new Directory;
    return instance;
}

size_t wholePages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// A file of poison. Buffers map it privately, again and again, so that even a 16 GiB buffer costs only the pages written.
int poisonFile() {
    static const int file = [] {
        const int made = memfd_create("crema-poison", MFD_CLOEXEC);
        const std::vector<uint32_t> words(kPoisonBytes / sizeof(uint32_t), kPoison);
        if (made < 0 || write(made, words.data(), kPoisonBytes) != static_cast<ssize_t>(kPoisonBytes)) throw std::bad_alloc();
        return made;
    }();
    return file;
}

} // namespace

char *mapDeviceMemory(size_t bytes, const std::string &label) {
    const size_t pages = wholePages(bytes);
    void *area = mmap(nullptr, pages + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED) throw std::bad_alloc();
    char *memory = static_cast<char *>(area) + kPage;
    for (size_t at = 0; at < pages; at += kPoisonBytes)
        if (mmap(memory + at, std::min(kPoisonBytes, pages - at), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, poisonFile(), 0) == MAP_FAILED) {
            munmap(area, pages + 2 * kPage);
            throw std::bad_alloc();
        }
    std::lock_guard<std::mutex> lock(directory().mutex);
    directory().buffers[memory] = {bytes, label};
    return memory;
}

bool slackIntact(char *memory, size_t bytes) {
    constexpr size_t word = 64;
    static const std::vector<uint32_t> poison(kPage / sizeof(uint32_t), kPoison);
    char *slack = memory + (bytes + word - 1) / word * word;
    const auto size = static_cast<size_t>(memory + wholePages(bytes) - slack);
    if (size == 0 || std::memcmp(slack, poison.data(), size) == 0) return true;
    std::memcpy(slack, poison.data(), size);
    return false;
}

void unmapDeviceMemory(char *memory, size_t bytes) {
    {
        std::lock_guard<std::mutex> lock(directory().mutex);
        directory().buffers.erase(memory);
    }
    munmap(memory - kPage, wholePages(bytes) + 2 * kPage);
}

char *mapHostMemory(size_t bytes) {
    void *memory = mmap(nullptr, wholePages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char *>(memory);
}

void unmapHostMemory(char *memory, size_t bytes) { munmap(memory, wholePages(bytes)); }

std::string describeAddress(const void *address) {
    const char *at = static_cast<const char *>(address);
    std::unique_lock<std::mutex> lock(directory().mutex, std::try_to_lock); // also called while the process dies
    if (!lock) return {};
    for (const auto &[begin, buffer] : directory().buffers) {
        if (at < begin - kPage || at >= begin + wholePages(buffer.bytes) + kPage) continue;
        if (at < begin) return std::to_string(begin - at) + " bytes before " + buffer.label;
        if (at < begin + buffer.bytes) return "byte " + std::to_string(at - begin) + " of " + buffer.label;
        return std::to_string(at - begin - static_cast<ptrdiff_t>(buffer.bytes)) + " bytes behind the end of " + buffer.label;
    }
    return {};
}
