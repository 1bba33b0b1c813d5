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

namespace {

struct Datum {
  int64_t channels = 0, height = 0, width = 0, label = 0, encoded = 0, bytes = 0, floats = 0;
  const uint8_t *data = nullptr;
};

bool parse(Reader reader, Datum &d) {
  while (reader.ok() && !reader.done()) {
    const uint64_t tag = reader.varint();
    const uint32_t wire = uint32_t(tag & 7);
    const uint64_t number = tag >> 3;
    if (wire == 0 && number == 1) {
      d.channels = int32_t(reader.varint());
    } else if (wire == 0 && number == 2) {
      d.height = int32_t(reader.varint());
    } else if (wire == 0 && number == 3) {
      d.width = int32_t(reader.varint());
    } else if (wire == 0 && number == 5) {
      d.label = int32_t(reader.varint());
    } else if (wire == 0 && number == 7) {
      d.encoded = reader.varint() != 0;
    } else if (wire == 2 && number == 4) {
      const uint64_t size = reader.varint();
      d.data = reader.bytes(size);
      d.bytes = int64_t(size);
    } else if (wire == 5 && number == 6) {
      reader.bytes(4);
      d.floats++;
    } else if (wire == 2 && number == 6) {
      const uint64_t size = reader.varint();
      reader.bytes(size);
      d.floats += int64_t(size / 4);
    } else {
      reader.skip(wire);
    }
  }
  return reader.ok();
}

// Elements of a Datum, or -1 where its dimensions and its payload disagree. 2^31 elements bound the product.
int64_t elements(const Datum &d) {
  if (d.channels <= 0 || d.height <= 0 || d.width <= 0 || d.height > (int64_t(1) << 31) / d.width) return -1;
  const int64_t plane = d.height * d.width;
  if (d.channels > (int64_t(1) << 31) / plane) return -1;
  const int64_t size = d.channels * plane;
  return size == (d.bytes > 0 ? d.bytes : d.floats) ? size : -1;
}

enum Kind : int64_t { kBytes = 0, kFloats = 1, kEncoded = 2 };
enum Fault : int64_t { kNone = 0, kNoDatum = 1, kSize = 2, kChannels = 3, kMixed = 4 };

} // namespace

// Makes a table of `count` Datum messages: where the data of each begins (for float_data: its byte offset once all are copied one
// after another), heights, widths, labels, and bytes of data. All must be of one kind and, unless compressed, of one number of channels.
// info[0..9] = kind, channels of the first, elements of all, fault; then of the faulty record: channels, height, width, bytes, floats, encoded.
// Returns count, or the index of the first faulty record.
CREMA_API int64_t crema_datum_table(const int64_t *addresses, const int64_t *sizes, int64_t count, int64_t *offsets,
                                    int32_t *heights, int32_t *widths, float *labels, int64_t *bytes, int64_t *info) {
  int64_t total = 0;
  std::memset(info, 0, 10 * sizeof(int64_t));
  for (int64_t i = 0; i < count; i++) {
    Datum d;
    int64_t fault = parse(Reader(reinterpret_cast<const uint8_t *>(addresses[i]), uint64_t(sizes[i])), d) ? kNone : kNoDatum;
    const int64_t kind = d.encoded ? kEncoded : d.bytes == 0 && d.floats > 0 ? kFloats : kBytes;
    int64_t size = 0;
    if (i == 0) {
      info[0] = kind;
      info[1] = d.channels;
    }
    if (fault == kNone && kind != info[0]) fault = kMixed;
    if (fault == kNone && kind == kEncoded && d.bytes == 0) fault = kSize;
    if (fault == kNone && kind != kEncoded) {
      size = elements(d);
      if (size < 0)
        fault = kSize;
      else if (d.channels != info[1])
        fault = kChannels;
    }
    if (fault != kNone) {
      const int64_t told[7] = {fault, d.channels, d.height, d.width, d.bytes, d.floats, d.encoded};
      std::memcpy(info + 3, told, sizeof(told));
      return i;
    }
    offsets[i] = kind == kFloats ? total * int64_t(sizeof(float)) : reinterpret_cast<int64_t>(d.data);
    heights[i] = int32_t(d.height);
    widths[i] = int32_t(d.width);
    labels[i] = float(d.label);
    bytes[i] = d.bytes;
    total += size;
  }
  info[2] = total;
  return count;
}

// Copies the float_data of a Datum that crema_datum_table accepted (packed or not) to out.
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
