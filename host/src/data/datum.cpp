// Reads Caffe's Datum message where it lies. Bytes come from files: every length is checked before it is believed.
#include "../abi.hpp"
#include <cstring>

namespace {

class Reader {
 public:
  Reader(const uint8_t *at, uint64_t size) : at_(at), end_(at + size) {}
  bool done() const { return at_ == end_; }
  bool ok() const { return ok_; }
  const uint8_t *at() const { return at_; }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return fail();
      const uint8_t byte = *at_++;
      value |= uint64_t(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    return fail();
  }
  const uint8_t *bytes(uint64_t size) {
    if (!ok_ || size > uint64_t(end_ - at_)) {
      fail();
      return nullptr;
    }
    const uint8_t *start = at_;
    at_ += size;
    return start;
  }
  // Passes over a field we do not know. Groups (wire types 3 and 4) have no place in a Datum.
  void skip(uint32_t wire) {
    if (wire == 0)
      varint();
    else if (wire == 1)
      bytes(8);
    else if (wire == 2)
      bytes(varint());
    else if (wire == 5)
      bytes(4);
    else
      fail();
  }

 private:
  uint64_t fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }
  const uint8_t *at_, *end_;
  bool ok_ = true;
};

} // namespace

// fields[i][8] = channels, height, width, label, encoded, address of the data bytes, their number, number of floats.
// Returns count, or the index of the first record that is not a Datum.
CREMA_API int64_t crema_datum_parse(const int64_t *addresses, const int64_t *sizes, int64_t count, int64_t *fields) {
  for (int64_t i = 0; i < count; i++) {
    int64_t *f = fields + i * 8;
    std::memset(f, 0, 8 * sizeof(int64_t));
    Reader reader(reinterpret_cast<const uint8_t *>(addresses[i]), uint64_t(sizes[i]));
    while (reader.ok() && !reader.done()) {
      const uint64_t tag = reader.varint();
      const uint32_t wire = uint32_t(tag & 7);
      const uint64_t number = tag >> 3;
      if (wire == 0 && number >= 1 && number <= 3) {
        f[number - 1] = int32_t(reader.varint());
      } else if (wire == 0 && number == 5) {
        f[3] = int32_t(reader.varint());
      } else if (wire == 0 && number == 7) {
        f[4] = reader.varint() != 0;
      } else if (wire == 2 && number == 4) {
        const uint64_t size = reader.varint();
        f[5] = reinterpret_cast<int64_t>(reader.bytes(size));
        f[6] = int64_t(size);
      } else if (wire == 5 && number == 6) {
        reader.bytes(4);
        f[7]++;
      } else if (wire == 2 && number == 6) {
        const uint64_t size = reader.varint();
        reader.bytes(size);
        f[7] += int64_t(size / 4);
      } else {
        reader.skip(wire);
      }
    }
    if (!reader.ok()) return i;
  }
  return count;
}

// Copies the float_data of a Datum that crema_datum_parse accepted (packed or not) to out.
CREMA_API void crema_datum_floats(int64_t address, int64_t size, float *out) {
  Reader reader(reinterpret_cast<const uint8_t *>(address), uint64_t(size));
  while (reader.ok() && !reader.done()) {
    const uint64_t tag = reader.varint();
    const uint32_t wire = uint32_t(tag & 7);
    if (tag >> 3 == 6 && (wire == 5 || wire == 2)) {
      const uint64_t floats = wire == 5 ? 1 : reader.varint() / 4;
      const uint8_t *from = reader.bytes(floats * 4);
      if (!from) return;
      std::memcpy(out, from, floats * 4);
      out += floats;
    } else {
      reader.skip(wire);
    }
  }
}
