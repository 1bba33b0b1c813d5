// What all OpenCL handles share: the dispatch pointer (the ICD loader reads it), the application's reference count and
// the count of internal holds. A handle stays in memory until neither the application nor the emulator needs it.
#pragma once
#include "opencl.hpp"
#include "refusal.hpp"
#include <atomic>
#include <mutex>
#include <unordered_set>
#include <utility>

extern cl_icd_dispatch dispatchTable;

struct Object {
    cl_icd_dispatch *dispatch = &dispatchTable;
    std::atomic<cl_uint> references{1}; // the application's
    std::atomic<cl_uint> holds{1};      // all of the application's references count as one hold

    Object() = default;
    Object(const Object &) = delete;
    Object &operator=(const Object &) = delete;
};

// Handles of one type that the application may still use. Looking a handle up is what turns a stale or foreign pointer into an error code.
class Registry {
  public:
    void add(void *handle);
    bool remove(void *handle);
    bool has(void *handle);

  private:
    std::mutex mutex;
    std::unordered_set<void *> live;
};

template <class T> Registry &registry() {
    static Registry &instance = *new Registry; // never destroyed: threads may outlive main()
    return instance;
}

template <class T> void drop(T *object) {
    if (object->holds.fetch_sub(1, std::memory_order_acq_rel) == 1) delete object;
}

// An internal reference.
template <class T> class Hold {
  public:
    Hold() = default;
    Hold(T *object) : object(object) {
        if (object) object->holds.fetch_add(1, std::memory_order_relaxed);
    }
    Hold(const Hold &other) : Hold(other.object) {}
    Hold(Hold &&other) noexcept : object(std::exchange(other.object, nullptr)) {}
    Hold &operator=(Hold other) noexcept {
        std::swap(object, other.object);
        return *this;
    }
    ~Hold() {
        if (object) drop(object);
    }
    T *get() const { return object; }
    T *operator->() const { return object; }
    explicit operator bool() const { return object != nullptr; }

  private:
    T *object = nullptr;
};

template <class T> T *publish(T *object) {
    registry<T>().add(object);
    return object;
}

template <class T> T *require(T *handle, cl_int code) {
    if (!registry<T>().has(handle)) throw Refusal(code);
    return handle;
}

template <class T> cl_int retain(T *handle, cl_int code) {
    return guarded([&] { require(handle, code)->references.fetch_add(1, std::memory_order_relaxed); });
}

template <class T> cl_int release(T *handle, cl_int code) {
    return guarded([&] {
        if (require(handle, code)->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        registry<T>().remove(handle);
        drop(handle);
    });
}
