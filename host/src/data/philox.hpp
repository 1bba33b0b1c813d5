// Counter-based random numbers, the same draws as orchestrator/core/rng.ts: Philox 4x32-10 (Salmon et al., SC 2011).
#pragma once
#include <cstdint>

namespace crema {

struct Philox {
  uint32_t word[4];
};

// The four words of one counter under a 64-bit key. Order of use, threads and resume cannot change a draw.
inline Philox philox(uint64_t index, uint32_t stream, uint32_t lane, uint64_t seed) {
  uint32_t c[4] = {uint32_t(index), uint32_t(index >> 32), stream, lane};
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = uint64_t(0xd2511f53u) * c[0];
    const uint64_t p1 = uint64_t(0xcd9e8d57u) * c[2];
    const uint32_t next0 = uint32_t(p1 >> 32) ^ c[1] ^ k0;
    const uint32_t next2 = uint32_t(p0 >> 32) ^ c[3] ^ k1;
    c[0] = next0;
    c[1] = uint32_t(p1);
    c[2] = next2;
    c[3] = uint32_t(p0);
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return {{c[0], c[1], c[2], c[3]}};
}

// Draws of one record, read in order. Only integer arithmetic and exactly rounded float operations: equal on every machine.
class RecordDraws {
 public:
  RecordDraws(uint64_t seed, uint32_t stream, uint64_t record) : seed_(seed), stream_(stream), record_(record) {}

  uint32_t bits() {
    if (used_ == 4) {
      block_ = philox(record_, stream_, lane_++, seed_);
      used_ = 0;
    }
    return block_.word[used_++];
  }
  // [0, 1) with 24 bits, so that the float is exact.
  float uniform() { return float(bits() >> 8) * (1.0f / 16777216.0f); }
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  int integer(int n) { return int((uint64_t(bits()) * uint64_t(n)) >> 32); }
  // About normal with variance 1: four uniforms summed (Irwin-Hall), bounded by 3.47 sigma.
  float bell() { return (uniform() + uniform() + uniform() + uniform() - 2.0f) * 1.7320508f; }

 private:
  uint64_t seed_;
  uint32_t stream_;
  uint64_t record_;
  uint32_t lane_ = 0;
  int used_ = 4;
  Philox block_{};
};

} // namespace crema
