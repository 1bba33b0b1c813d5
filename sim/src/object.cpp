#include "object.hpp"

void Registry::add(void *handle) {
    std::lock_guard<std::mutex> lock(mutex);
    live.insert(handle);
}

bool Registry::remove(void *handle) {
    std::lock_guard<std::mutex> lock(mutex);
    return live.erase(handle) != 0;
}

bool Registry::has(void *handle) {
    std::lock_guard<std::mutex> lock(mutex);
    return live.count(handle) != 0;
}
