// What every exported function of the host library shares.
#pragma once
#include <cstdint>

// Exported C symbol; everything else stays hidden.
#define CREMA_API extern "C" __attribute__((visibility("default")))
