// The kernels: the C functions of the library, compiled to WebAssembly, and the memory that they compute in.
//
// A function takes numbers and addresses of arrays, in the order of kernels/native/*.c. Its name ends with the type of
// its arrays, f32 or f64.

const LINE = 64; // bytes to which addresses are aligned
const PAGE = 65536; // bytes by which memory grows

/** @type {WebAssembly.Module | null} */
let program = null;

/**
 * Compile the kernels, once, before any network is read.
 * @param {BufferSource} bytes  kernels.wasm
 * @throws {Error} with one line, where the browser cannot
 */
export async function startKernels(bytes) {
  try {
    program = await WebAssembly.compile(bytes);
  } catch (error) {
    const reason = error instanceof WebAssembly.CompileError ? "this browser has no WebAssembly with SIMD; update it" : error.message;
    throw new Error(`the networks of this page cannot be computed: ${reason}`);
  }
}

/** A memory with its own kernels. Arrays are given out one after another, and are released together. */
export class Memory {
  #kernels;
  #end;

  /** @param {"f32" | "f64"} type  of real numbers */
  constructor(type) {
    if (!program) throw new Error("the kernels are not loaded");
    this.#kernels = /** @type {any} */ (new WebAssembly.Instance(program).exports);
    this.#end = this.#kernels.memory.buffer.byteLength; // the pages before are its stack and constants
    this.type = type;
    this.Reals = type === "f32" ? Float32Array : Float64Array;
  }

  /** Call a kernel of real numbers. */
  call(name, ...values) {
    return this.#kernels[`${name}_${this.type}`](...values);
  }

  /** The address of an array of zeros or earlier values, valid until it is released. */
  allocate(Type, count) {
    const at = this.#end;
    this.#end = Math.ceil((at + count * Type.BYTES_PER_ELEMENT) / LINE) * LINE;
    const missing = this.#end + LINE - this.#kernels.memory.buffer.byteLength;
    if (missing > 0) this.#kernels.memory.grow(Math.ceil(missing / PAGE));
    return at;
  }

  /** The address of an array of real numbers. */
  reals(count) {
    return this.allocate(this.Reals, count);
  }

  /**
   * The address of a copy of an array.
   * @param {ArrayLike<any>} values
   * @param {any} Type
   */
  put(values, Type = this.Reals) {
    const at = this.allocate(Type, values.length);
    this.view(at, values.length, Type).set(values);
    return at;
  }

  /**
   * An array as a view, which the next allocation may invalidate.
   * @param {number} at
   * @param {number} count
   * @param {any} Type  of typed arrays
   */
  view(at, count, Type = this.Reals) {
    return new Type(this.#kernels.memory.buffer, at, count);
  }

  /**
   * A copy of an array.
   * @param {number} at
   * @param {number} count
   * @param {any} Type
   */
  read(at, count, Type = this.Reals) {
    return this.view(at, count, Type).slice();
  }

  /** The address from which `release` releases later arrays. */
  get mark() {
    return this.#end;
  }

  release(mark) {
    this.#end = mark;
  }
}
