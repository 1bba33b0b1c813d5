// Walks the databases Caffe reads. Their libraries are optional, so the caller passes the addresses of their functions;
// one call of ours takes a whole batch, instead of several calls per record across the FFI.
#include "../abi.hpp"
#include <cstring>

namespace {

struct MdbValue {
  uint64_t size;
  void *data;
};
using MdbCursorGet = int (*)(void *cursor, MdbValue *key, MdbValue *data, int operation);
constexpr int kFirst = 0, kNext = 8, kNotFound = -30798;

using IterStep = void (*)(void *iterator);
using IterValid = unsigned char (*)(const void *iterator);
using IterValue = const char *(*)(const void *iterator, uint64_t *size);

} // namespace

// Steps an LMDB cursor `count` times and stores where each value lies (valid while the read transaction lives). `first`:
// begin at the first key. After the last key comes the first one again. Returns count, or an LMDB error code (< 0).
CREMA_API int64_t crema_lmdb_walk(void *cursor_get, void *cursor, int32_t first, int64_t count, int64_t *addresses,
                                  int64_t *sizes) {
  const auto get = reinterpret_cast<MdbCursorGet>(cursor_get);
  for (int64_t i = 0; i < count; i++) {
    MdbValue key{}, value{};
    int code = get(cursor, &key, &value, first ? kFirst : kNext);
    if (code == kNotFound && !first) code = get(cursor, &key, &value, kFirst);
    if (code != 0) return code > 0 ? -int64_t(code) : code;
    first = 0;
    addresses[i] = reinterpret_cast<int64_t>(value.data);
    sizes[i] = int64_t(value.size);
  }
  return count;
}

// Steps over `count` keys without a look at the values. Returns how many there were before the end.
CREMA_API int64_t crema_lmdb_skip(void *cursor_get, void *cursor, int32_t first, int64_t count) {
  const auto get = reinterpret_cast<MdbCursorGet>(cursor_get);
  for (int64_t i = 0; i < count; i++) {
    MdbValue key{}, value{};
    if (get(cursor, &key, &value, first ? kFirst : kNext) != 0) return i;
    first = 0;
  }
  return count;
}

// functions: leveldb_iter_valid, _value, _next, _seek_to_first. Copies up to `count` values into `arena` (LevelDB's memory
// moves with the iterator) and stores their addresses. The iterator ends up on the next unread key, or invalid at the end.
// Returns the number copied; where the arena is full, needed[0] is the size of the value that did not fit (else 0).
CREMA_API int64_t crema_leveldb_walk(void *const *functions, void *iterator, int64_t count, uint8_t *arena,
                                     int64_t capacity, int64_t *addresses, int64_t *sizes, int64_t *needed) {
  const auto valid = reinterpret_cast<IterValid>(functions[0]);
  const auto value = reinterpret_cast<IterValue>(functions[1]);
  const auto next = reinterpret_cast<IterStep>(functions[2]);
  int64_t used = 0;
  needed[0] = 0;
  for (int64_t i = 0; i < count; i++) {
    if (!valid(iterator)) return i;
    uint64_t size = 0;
    const char *from = value(iterator, &size);
    if (int64_t(size) > capacity - used) {
      needed[0] = int64_t(size);
      return i;
    }
    std::memcpy(arena + used, from, size);
    addresses[i] = reinterpret_cast<int64_t>(arena + used);
    sizes[i] = int64_t(size);
    used += int64_t(size);
    next(iterator);
  }
  return count;
}

// Steps over up to `count` keys; returns how many there were before the end.
CREMA_API int64_t crema_leveldb_skip(void *const *functions, void *iterator, int64_t count) {
  const auto valid = reinterpret_cast<IterValid>(functions[0]);
  const auto next = reinterpret_cast<IterStep>(functions[2]);
  int64_t i = 0;
  for (; i < count && valid(iterator); i++) next(iterator);
  return i;
}
