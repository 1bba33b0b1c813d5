// Answers to clGet*Info: size query, size check and copy in one place.
#pragma once
#include "refusal.hpp"
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

struct Answer {
    size_t capacity;
    void *value;
    size_t *needed;

    void bytes(const void *source, size_t size) const {
        if (needed) *needed = size;
        if (!value) return;
        if (capacity < size) throw Refusal(CL_INVALID_VALUE);
        if (size) std::memcpy(value, source, size);
    }
    void text(const std::string &string) const { bytes(string.c_str(), string.size() + 1); }
    template <class T> void array(const std::vector<T> &items) const { bytes(items.data(), items.size() * sizeof(T)); }
    // The type is named at the call: a query's size is part of the API.
    template <class T> void scalar(std::common_type_t<T> item) const { bytes(&item, sizeof(T)); }
};
