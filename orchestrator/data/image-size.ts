export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Channels by PNG colour type; a palette is read as colour. */
const PNG_CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** Size of a PNG or JPEG picture from its header, without decoding; undefined where it is neither or the header is cut short. */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (PNG.every((byte, i) => bytes[i] === byte)) {
    const channels = PNG_CHANNELS[bytes[25] ?? -1];
    if (bytes.length < 26 || channels === undefined) return undefined;
    return positive({ channels, width: view.getUint32(16), height: view.getUint32(20) });
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegSize(bytes, view);
  return undefined;
}

/** Walks a JPEG's segments to the frame header: SOF0-SOF15 but DHT (C4), JPG (C8) and DAC (CC). */
function jpegSize(bytes: Uint8Array, view: DataView): ImageSize | undefined {
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame)
      return positive({ channels: bytes[at + 9]!, height: view.getUint16(at + 5), width: view.getUint16(at + 7) });
    const alone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += alone ? 2 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

const positive = (size: ImageSize): ImageSize | undefined =>
  size.channels > 0 && size.height > 0 && size.width > 0 ? size : undefined;
