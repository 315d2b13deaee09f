// A collection as one .npz that handgrad.load reads: a zip archive, nothing compressed, of NumPy's arrays.

const utf8 = new TextEncoder();
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

/**
 * Write an archive: images, labels, classes, and the drawings as the bytes of JSON, as data/collection.py does.
 * @param {{pixels: Uint8Array, labels: string[], count: number}} examples
 * @param {(object|null)[]} drawings  one of each example, in the JSON form
 * @returns {Blob}
 */
export function npz({ pixels, labels, count }, drawings) {
  const strokes = utf8.encode(JSON.stringify(drawings));
  const words = texts(labels);
  const classes = classesOf(labels);
  const names = texts(classes);
  return zip([
    ["images.npy", npy("|u1", [count, 28, 28], pixels)],
    ["labels.npy", npy(words.type, [count], words.values)],
    ["classes.npy", npy(names.type, [classes.length], names.values)],
    ["strokes.npy", npy("|u1", [strokes.length], strokes)],
  ]);
}

/** All ten digits, though some may not have been drawn yet; other names as they are. */
function classesOf(labels) {
  const digits = [..."0123456789"];
  return labels.every((label) => digits.includes(label)) ? digits : [...new Set(labels)].sort();
}

/** NumPy's array format, version 1.0: a magic word, a Python dictionary filled up to 64 bytes, and the values. */
function npy(type, shape, values) {
  const head = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const filled = `${head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11)}\n`;
  return joined([Uint8Array.of(0x93, ...utf8.encode("NUMPY"), 1, 0, filled.length & 255, filled.length >> 8), utf8.encode(filled), values]);
}

/** Texts as fixed-width UTF-32: their NumPy type and bytes. */
function texts(labels) {
  const letters = labels.map((label) => [...label]);
  const width = Math.max(1, ...letters.map(({ length }) => length));
  const values = new Uint32Array(width * labels.length);
  letters.forEach((word, k) => word.forEach((letter, place) => (values[k * width + place] = letter.codePointAt(0))));
  return { type: `<U${width}`, values: new Uint8Array(values.buffer) };
}

function zip(files) {
  const parts = [];
  const entries = [];
  let place = 0;
  for (const [name, content] of files) {
    const path = utf8.encode(name);
    // version 2.0, no flags, stored, 1 January 1980, sum, both sizes, length of the name, nothing extra
    const facts = numbers([20, 2], [0, 2], [0, 2], [0, 2], [33, 2], [sum(content), 4], [content.length, 4], [content.length, 4], [path.length, 2], [0, 2]);
    const local = joined([numbers([0x04034b50, 4]), facts, path, content]);
    entries.push(joined([numbers([0x02014b50, 4], [20, 2]), facts, numbers([0, 2], [0, 2], [0, 2], [0, 4], [place, 4]), path]));
    parts.push(local);
    place += local.length;
  }
  const list = joined(entries);
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [list.length, 4], [place, 4], [0, 2]);
  return new Blob([...parts, list, end], { type: "application/octet-stream" });
}

function numbers(...pairs) {
  return Uint8Array.from(pairs.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, k) => (value >>> (8 * k)) & 255)));
}

function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}

/** CRC-32, as zip has it. */
function sum(bytes) {
  let state = 0xffffffff;
  for (const byte of bytes) state = TABLE[(state ^ byte) & 255] ^ (state >>> 8);
  return (state ^ 0xffffffff) >>> 0;
}
