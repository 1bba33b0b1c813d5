#pragma once
#include "entry.hpp"

namespace crema {

/** Enqueues a list of commands, their events into `events` from `first` on. Returns how many were; fewer than `count` where one was refused. */
int32_t enqueue(const Session &session, const uint32_t *list, int32_t count, uint64_t *events, int32_t first, Refusal &refusal);

} // namespace crema
