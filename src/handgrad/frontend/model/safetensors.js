// Safetensors files: named arrays and a few strings of metadata.
//
// Eight bytes say how long the header is; the header is JSON, {name: {dtype, shape, data_offsets}}; the rest are the
// arrays, one behind the other, little-endian.

import { size } from "handgrad/model/shapes.js";

const WIDTHS = { BOOL: 1, U8: 1, I8: 1, U16: 2, I16: 2, F16: 2, BF16: 2, U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8 };
const FLOATS = { F32: Float32Array, F64: Float64Array };

/**
 * Read a file.
 * @param {ArrayBuffer} buffer
 * @returns {{tensors: Map<string, {dtype: string, shape: number[], values: () => (Float32Array|Float64Array)}>,
 *   metadata: Object<string, string>}}  values are copied out when they are asked for, and only of floats
 * @throws {Error} where the file is cut short, or something else
 */
export function readTensors(buffer) {
  const { start, header } = readHeader(buffer);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTable(metadata) || !Object.values(metadata).every((text) => typeof text === "string")) {
    throw notWhole("its metadata are no strings");
  }
  const tensors = new Map();
  let end = 0; // arrays lie one behind the other, without gaps
  for (const [name, entry] of Object.entries(entries).sort(byPlace)) {
    const { dtype, shape, data_offsets: [from, to] } = checked(name, entry);
    if (from !== end || to - from !== size(shape) * WIDTHS[dtype]) throw notWhole(`${name} is not where it should be`);
    end = to;
    const bytes = () => buffer.slice(start + from, start + to); // a copy begins where typed arrays may begin
    tensors.set(name, { dtype, shape, values: () => new FLOATS[dtype](bytes()) });
  }
  if (start + end !== buffer.byteLength) throw notWhole("it is cut short, or too long");
  return { tensors, metadata };
}

function readHeader(buffer) {
  if (buffer.byteLength < 8) throw notWhole("it is cut short or empty");
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (length > buffer.byteLength - 8) throw notWhole("it is cut short, or something else");
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, length)));
  } catch {
    throw notWhole("its header is not JSON");
  }
  if (!isTable(header)) throw notWhole("its header is no table");
  return { start: 8 + length, header };
}

function checked(name, entry) {
  const whole = (list) => Array.isArray(list) && list.every((number) => Number.isSafeInteger(number) && number >= 0);
  const right = isTable(entry) && Object.hasOwn(WIDTHS, entry.dtype) && whole(entry.shape) && whole(entry.data_offsets);
  if (!right || entry.data_offsets.length !== 2) throw notWhole(`its header says nothing sensible of ${name}`);
  return entry;
}

const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const byPlace = ([, a], [, b]) => (a?.data_offsets?.[0] ?? 0) - (b?.data_offsets?.[0] ?? 0) || (a?.data_offsets?.[1] ?? 0) - (b?.data_offsets?.[1] ?? 0);
const notWhole = (reason) => new Error(`not a whole model file: ${reason}`);
