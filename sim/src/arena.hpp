// Memory of the emulated card: mapped lazily, poisoned, with guard pages before and behind each buffer.
#pragma once
#include <cstddef>
#include <string>

// `bytes` of device memory at a page boundary. Poisoned: every float reads as a NaN, until written. Its last page ends in
// a guard page; where `bytes` is no multiple of a page, the rest of that page is slack (cards allocate whole pages too).
char *mapDeviceMemory(size_t bytes, const std::string &label);
void unmapDeviceMemory(char *memory, size_t bytes);

// Whether the slack behind a buffer is still poison. A port writes whole 64-byte words, so the word that holds the end may
// have changed; a change behind it is an overrun. The slack is poisoned again.
bool slackIntact(char *memory, size_t bytes);

// Page-aligned host memory, zero, lazy.
char *mapHostMemory(size_t bytes);
void unmapHostMemory(char *memory, size_t bytes);

// In words what lies at an address: "4 bytes behind buffer 3 (…)", or "" if it is none of ours.
std::string describeAddress(const void *address);
