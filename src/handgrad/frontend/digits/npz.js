// A collection as an .npz file that handgrad.load_data reads: an uncompressed zip archive of NumPy arrays.

const utf8 = new TextEncoder();
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

/**
 * Build the archive: images, labels, classes, and the strokes as the bytes of JSON, like data/collection.py.
 * @param {{pixels: Uint8Array, labels: string[], count: number}} examples
 * @param {(object|null)[]} drawings  one per example
 * @returns {Blob}
 */
export function npz({ pixels, labels, count }, drawings) {
  const strokes = utf8.encode(JSON.stringify(drawings));
  const digits = [..."0123456789"]; // all ten, even if some were not drawn yet; other names unchanged
  const classes = labels.every((label) => digits.includes(label)) ? digits : [...new Set(labels)].sort();
  return zip([
    ["images.npy", npy("|u1", [count, 28, 28], pixels)],
    ["labels.npy", npyOfTexts(labels)],
    ["classes.npy", npyOfTexts(classes)],
    ["strokes.npy", npy("|u1", [strokes.length], strokes)],
  ]);
}

/** NumPy's array format, version 1.0: magic bytes, a Python dictionary padded to a multiple of 64, and the values. */
function npy(type, shape, values) {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  return concatenate([Uint8Array.of(0x93, ...utf8.encode("NUMPY"), 1, 0, padded.length & 255, padded.length >> 8), utf8.encode(padded), values]);
}

/** Texts as fixed-width UTF-32. */
function npyOfTexts(texts) {
  const letters = texts.map((text) => [...text]);
  const width = Math.max(1, ...letters.map(({ length }) => length));
  const values = new Uint32Array(width * texts.length);
  letters.forEach((text, k) => text.forEach((letter, index) => (values[k * width + index] = letter.codePointAt(0))));
  return npy(`<U${width}`, [texts.length], new Uint8Array(values.buffer));
}

function zip(files) {
  const parts = [];
  const entries = [];
  let offset = 0;
  for (const [name, content] of files) {
    const path = utf8.encode(name);
    // version 2.0, no flags, stored, 1 January 1980, checksum, both sizes, length of the name, no extra fields
    const facts = integers([20, 2], [0, 2], [0, 2], [0, 2], [33, 2], [crc32(content), 4], [content.length, 4], [content.length, 4], [path.length, 2], [0, 2]);
    const local = concatenate([integers([0x04034b50, 4]), facts, path, content]);
    entries.push(concatenate([integers([0x02014b50, 4], [20, 2]), facts, integers([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), path]));
    parts.push(local);
    offset += local.length;
  }
  const directory = concatenate(entries);
  const end = integers([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [directory.length, 4], [offset, 4], [0, 2]);
  return new Blob([...parts, directory, end], { type: "application/octet-stream" });
}

/** Little-endian integers, each a pair of value and width in bytes. */
function integers(...pairs) {
  return Uint8Array.from(pairs.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, k) => (value >>> (8 * k)) & 255)));
}

function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function crc32(bytes) {
  let state = 0xffffffff;
  for (const byte of bytes) state = CRC[(state ^ byte) & 255] ^ (state >>> 8);
  return (state ^ 0xffffffff) >>> 0;
}
