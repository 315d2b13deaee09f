// Safetensors files: named arrays, and metadata as strings.
//
// Eight bytes with the length of the header; the header as JSON, {name: {dtype, shape, data_offsets}}; the arrays one
// after another, little-endian.

import { size } from "handgrad/model/shapes.js";

const WIDTHS = { BOOL: 1, U8: 1, I8: 1, U16: 2, I16: 2, F16: 2, BF16: 2, U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8 };
const FLOATS = { F32: Float32Array, F64: Float64Array };

/**
 * Read a file.
 * @param {ArrayBuffer} buffer
 * @returns {{tensors: Map<string, {dtype: string, shape: number[], values: () => (Float32Array|Float64Array)}>,
 *   metadata: Object<string, string>}}  `values` copies them; it exists for floats only
 * @throws {Error} where the file is truncated or of another kind
 */
export function readTensors(buffer) {
  const { start, header } = readHeader(buffer);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTable(metadata) || !Object.values(metadata).every((text) => typeof text === "string")) {
    throw invalid("the metadata are not strings");
  }
  const tensors = new Map();
  let end = 0; // arrays follow each other without gaps
  for (const [name, entry] of Object.entries(entries).sort(byOffset)) {
    const { dtype, shape, data_offsets: [from, to] } = checked(name, entry);
    if (from !== end || to - from !== size(shape) * WIDTHS[dtype]) throw invalid(`the offsets of ${name} are wrong`);
    end = to;
    const bytes = () => buffer.slice(start + from, start + to); // a copy, since typed arrays need alignment
    tensors.set(name, { dtype, shape, values: () => new FLOATS[dtype](bytes()) });
  }
  if (start + end !== buffer.byteLength) throw invalid("it is truncated, or too long");
  return { tensors, metadata };
}

function readHeader(buffer) {
  if (buffer.byteLength < 8) throw invalid("it is truncated or empty");
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (length > buffer.byteLength - 8) throw invalid("it is truncated, or of another kind");
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, length)));
  } catch {
    throw invalid("the header is not JSON");
  }
  if (!isTable(header)) throw invalid("the header is not a table");
  return { start: 8 + length, header };
}

function checked(name, entry) {
  const integers = (list) => Array.isArray(list) && list.every((number) => Number.isSafeInteger(number) && number >= 0);
  const valid = isTable(entry) && Object.hasOwn(WIDTHS, entry.dtype) && integers(entry.shape) && integers(entry.data_offsets);
  if (!valid || entry.data_offsets.length !== 2) throw invalid(`the entry of ${name} is invalid`);
  return entry;
}

const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const byOffset = ([, a], [, b]) => (a?.data_offsets?.[0] ?? 0) - (b?.data_offsets?.[0] ?? 0) || (a?.data_offsets?.[1] ?? 0) - (b?.data_offsets?.[1] ?? 0);
const invalid = (reason) => new Error(`not a valid model file: ${reason}`);
