// One entry of an array, derived term by term from its index formula, as handgrad/model/derivation.py does.
//
// A formula is a tree of lists, see generated/layers.js: ["·", ["[]", "dy", ["n", "o"]], 2] is dy[n,o] · 2, and
// ["Σ", ["k"], {"k": "size"}, term] a sum over k below size. "…" stands for further axes.

/**
 * @typedef {number|string|any[]} Tree
 * @typedef {{shape: number[], values: ArrayLike<number>}} Values
 * @typedef {Record<string, number|Values>} Scope  what a formula names
 * @typedef {Record<string, Set<number>>} Uses  offsets of the entries that were used, by the name of the array
 * @typedef {{label: string, text: string, value: number, uses: Uses}} Term
 * @typedef {{formula: string, value: number, symbol: string, terms: Term[], left: {count: number, value: number},
 *   rest: {text: string, value: number}|null, uses: Uses}} Derivation
 *   `terms` are the largest, `left` are the other ones, and `rest` is what is added to the sum
 */

const MORE = ["h", "w", "v"];
const SUMS = ["+", "−"];
const PRODUCTS = [...SUMS, "·", "/", "//", "mod"];
const COMPARISONS = [">", "≥", "<", "≤", "="];
const REDUCTIONS = ["Σ", "Max"];

/** An operation of 0 or 1 as its result; what is not a number stands for an entry outside of an array, and stays so. */
const holds = (test) => (a, b) => (a !== a || b !== b ? NaN : Number(test(a, b)));

/** @type {Record<string, (...numbers: number[]) => number>} */
const OPERATIONS = {
  "+": (a, b) => a + b,
  "−": (a, b) => (b === undefined ? -a : a - b),
  "·": (a, b) => a * b,
  "/": (a, b) => a / b,
  "//": (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
  "^": (a, b) => a ** b,
  ">": holds((a, b) => a > b),
  "≥": holds((a, b) => a >= b),
  "<": holds((a, b) => a < b),
  "≤": holds((a, b) => a <= b),
  "=": holds((a, b) => a === b),
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sqrt: Math.sqrt,
  abs: Math.abs,
  max: Math.max,
  min: Math.min,
};

/** Write a number with significant digits and a minus sign, e.g. −0.05648, 1.5e−07. */
export function number(value, digits = 4) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  let text = String(Number(value.toPrecision(digits)));
  if (power >= digits && power < 7) text = Math.round(value).toLocaleString("en");
  else if (power >= digits || power < -4) text = `${Number(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  return text.replaceAll("-", "−");
}

/**
 * Derive one entry of an array.
 * @param {{letters: string[], tree: Tree}} formula
 * @param {Scope} scope
 * @param {number[]} index
 * @param {Record<string, string>} [shown]  names of the arrays in the text
 * @param {number} [most]  number of terms with their text
 * @returns {Derivation}
 */
export function derive(formula, scope, index, shown = {}, most = 10) {
  const ranks = Object.values(scope).map((each) => (typeof each === "number" ? 0 : each.shape.length));
  const further = formula.letters.includes("…") ? index.length - formula.letters.length + 1 : Math.max(...ranks) - 2;
  const more = MORE.slice(0, Math.max(0, further));
  const letters = expand(formula.letters, more);
  const tree = expand(formula.tree, more);
  const bound = Object.fromEntries(letters.map((letter, k) => [letter, index[k]]));
  /** @type {Uses} */
  const uses = {};
  const value = evaluate(tree, scope, bound, uses) || 0;
  const text = withNames(tree, scope, bound).replace(/\w+/g, (word) => shown[word] ?? word);
  const [parts, signs] = summands(tree);
  const place = parts.findIndex(isReduction);
  if (place < 0) {
    const term = { label: "", text: withNumbers(tree, scope, bound), value, uses };
    return { formula: text, value, symbol: "", terms: [term], left: { count: 0, value: 0 }, rest: null, uses };
  }
  const [symbol, over, , inside] = parts[place];
  const all = places(parts[place], scope, bound).map((at) => ({ at, value: signs[place] * evaluate(inside, scope, { ...bound, ...at }) }));
  const size = ({ value: each }) => (symbol === "Max" ? each : Math.abs(each));
  const sorted = all.filter((term) => term.value === term.value).sort((a, b) => size(b) - size(a));
  const largest = sorted.slice(0, most).filter((term, k) => k === 0 || sorted.length <= most || term.value);
  const terms = largest.map(({ at, value: each }) => {
    const inner = { ...bound, ...at };
    const own = {};
    evaluate(inside, scope, inner, own);
    return {
      label: over.map((letter) => `${letter}=${at[letter]}`).join(", "),
      text: withNumbers(inside, scope, inner),
      value: each,
      uses: own,
    };
  });
  const others = sorted.slice(terms.length);
  const left = { count: others.length, value: others.reduce((sum, term) => sum + term.value, 0) };
  return { formula: text, value, symbol, terms, left, rest: remaining(parts, signs, place, scope, bound), uses };
}

/** What is added to the sum, with its numbers. */
function remaining(parts, signs, place, scope, bound) {
  const others = parts.map((part, k) => ({ part, sign: signs[k] })).filter((_, k) => k !== place);
  if (!others.length) return null;
  const texts = others.map(({ part, sign }) => `${sign < 0 ? "−" : "+"} ${withNumbers(part, scope, bound)}`);
  const value = others.reduce((sum, { part, sign }) => sum + sign * evaluate(part, scope, bound), 0);
  return { text: texts.join(" ").replace(/^\+ /, ""), value };
}

/** Put the letters of further axes in the place of "…". */
function expand(tree, more) {
  return Array.isArray(tree) ? tree.flatMap((part) => (part === "…" ? more : [expand(part, more)])) : tree;
}

/** The parts of a sum, and their signs. */
function summands(tree) {
  const [parts, signs] = [[tree], [1]];
  while (Array.isArray(parts[0]) && SUMS.includes(parts[0][0]) && parts[0].length === 3) {
    const [sign, ...sides] = parts[0];
    parts.splice(0, 1, ...sides);
    signs.splice(1, 0, sign === "+" ? 1 : -1);
  }
  return [parts, signs];
}

const isReduction = (tree) => Array.isArray(tree) && REDUCTIONS.includes(tree[0]);

/** The values of the letters of a sum: of the ranges given, or else of the axes that the letters index. */
function places([, over, ranges, term], scope, bound) {
  const sizes = {};
  visit(term, ([kind, name, at]) => {
    if (kind === "[]") at.forEach((letter, axis) => typeof letter === "string" && (sizes[letter] = scope[name].shape[axis]));
  });
  for (const [letter, limit] of Object.entries(ranges)) sizes[letter] = evaluate(limit, scope, bound);
  let found = [{}];
  for (const letter of over) found = found.flatMap((at) => Array.from({ length: sizes[letter] }, (_, k) => ({ ...at, [letter]: k })));
  return found;
}

/** Call a function for each list of a tree. */
export function visit(tree, call) {
  if (!Array.isArray(tree)) return;
  call(tree);
  for (const part of tree) visit(part, call);
}

/** The value of a tree, or NaN where it names an entry outside of an array; entries that it uses are added to `uses`. */
function evaluate(tree, scope, bound, uses = null) {
  if (typeof tree === "number") return tree;
  if (typeof tree === "string") return bound[tree] ?? scope[tree];
  const [kind, ...parts] = tree;
  if (kind === "[]")
    return entry(
      parts[0],
      scope[parts[0]],
      parts[1].map((at) => evaluate(at, scope, bound, uses)),
      uses,
    );
  if (!isReduction(tree)) return OPERATIONS[kind](...parts.map((part) => evaluate(part, scope, bound, uses)));
  const values = places(tree, scope, bound).map((at) => evaluate(parts[2], scope, { ...bound, ...at }, uses));
  const inside = values.filter((each) => each === each);
  return kind === "Σ" ? inside.reduce((a, b) => a + b, 0) : inside.reduce((a, b) => Math.max(a, b), -Infinity);
}

function entry(name, { shape, values }, index, uses) {
  let offset = 0;
  for (const [axis, at] of index.entries()) {
    if (!(Number.isInteger(at) && at >= 0 && at < shape[axis])) return NaN;
    offset = offset * shape[axis] + at;
  }
  if (uses) (uses[name] ??= new Set()).add(offset);
  return values[offset];
}

/** Write a tree with its numbers put in. */
function withNumbers(tree, scope, bound) {
  return write(tree, (leaf) => number(evaluate(leaf, scope, bound) || 0));
}

/** Write a tree in the notation of mathematics, with the indices of an entry put in. */
function withNames(tree, scope, bound) {
  const integers = Object.entries(scope).filter(([, each]) => typeof each !== "number" || Number.isInteger(each));
  const known = { ...Object.fromEntries(integers), ...bound };
  return write(tree, (leaf) => {
    if (typeof leaf === "number") return number(leaf);
    if (typeof leaf === "string") return String(bound[leaf] ?? leaf);
    if (leaf[0] === "[]") return `${leaf[1]}[${leaf[2].map((at) => withNames(simplify(at, known), scope, bound).replaceAll(" ", ""))}]`;
    const [symbol, over, ranges, term] = leaf;
    const letters = over.map((letter) => (letter in ranges ? `${letter}<${simplify(ranges[letter], known)}` : letter));
    return `${symbol}[${letters}] ${withNames(term, scope, bound)}`;
  });
}

/** Put numbers into an index, and compute what has only numbers: i·stride+k becomes 8+k. */
function simplify(tree, known) {
  if (typeof tree === "string") return typeof known[tree] === "number" ? known[tree] : tree;
  if (typeof tree === "number") return tree;
  const [kind, a, b] = tree;
  if (kind === "[]") {
    const at = b.map((each) => simplify(each, known));
    return at.every(Number.isInteger) ? entry(a, known[a], at, null) : [kind, a, at];
  }
  const [left, right] = [simplify(a, known), simplify(b, known)];
  if (right === (SUMS.includes(kind) ? 0 : 1) && kind !== "^") return left;
  if (left === 0 && kind === "+") return right;
  const computed = typeof left === "number" && typeof right === "number" && kind !== "/";
  return computed ? OPERATIONS[kind](left, right) : [kind, left, right];
}

/** Write a tree; `leaf` writes numbers, names, entries and reductions. */
function write(tree, leaf) {
  if (!Array.isArray(tree) || tree[0] === "[]" || isReduction(tree)) return leaf(tree);
  const [kind, a, b] = tree;
  const inner = (part, loose) => {
    const text = write(part, leaf);
    const wraps = Array.isArray(part) && part.length === 3 && loose.includes(part[0]);
    return wraps || /^(−|Σ|Max)/.test(text) ? `(${text})` : text;
  };
  if (COMPARISONS.includes(kind)) return `[${write(a, leaf)} ${kind} ${write(b, leaf)}]`;
  if (kind === "−" && b === undefined) return `−${inner(a, SUMS)}`;
  if (kind === "^") return `${inner(a, PRODUCTS)}${b === 2 ? "²" : `^${inner(b, PRODUCTS)}`}`;
  if (SUMS.includes(kind)) return `${write(a, leaf)} ${kind} ${inner(b, SUMS)}`;
  if (PRODUCTS.includes(kind)) return `${inner(a, SUMS)} ${kind} ${inner(b, PRODUCTS)}`;
  return `${kind}(${tree
    .slice(1)
    .map((part) => write(part, leaf))
    .join(", ")})`;
}
