// One entry of an array, derived term by term from its index formula, as handgrad/model/derivation.py does.
//
// A formula is a tree of lists, see generated/layers.js: ["·", ["[]", "dy", ["n", "o"]], 2] is dy[n,o] · 2, and
// ["Σ", ["k"], {"k": "size"}, term] a sum over k below size. "…" stands for further axes. A scope has what a formula
// names: arrays, numbers, and the letters of one entry, which are the names of one character.

/**
 * @typedef {{shape: number[], values: ArrayLike<number>}} Values
 * @typedef {Record<string, Set<number>>} Uses  offsets of the entries that were used, by the name of the array
 * @typedef {{label: string, text: string, value: number, uses: Uses}} Term
 * @typedef {{formula: string, value: number, symbol: string, terms: Term[], count: number, left: number,
 *   rest: {text: string, value: number}|null, uses: Uses}} Derivation
 *   the largest terms; the number of all, and what the others add up to; what is added to the sum
 */

const FURTHER = ["h", "w", "v"]; // letters that "…" stands for
const SUMS = ["+", "−"];
const PRODUCTS = [...SUMS, "·", "/", "//", "mod"];
const COMPARISONS = [">", "≥", "<", "≤", "="];
const OPERATIONS = {
  "+": (a, b) => a + b,
  "−": (a, b) => (b === undefined ? -a : a - b),
  "·": (a, b) => a * b,
  "/": (a, b) => a / b,
  "//": (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
  "^": (a, b) => a ** b,
  ">": (a, b) => Number(a > b),
  "≥": (a, b) => Number(a >= b),
  "<": (a, b) => Number(a < b),
  "≤": (a, b) => Number(a <= b),
  "=": (a, b) => Number(a === b),
};

/** Write a number with significant digits and a minus sign, e.g. −0.05648, 1.5e−07. */
export function number(value, digits = 4) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  let text = String(Number(value.toPrecision(digits)));
  if (power >= digits && power < 7) text = Math.round(value).toLocaleString("en");
  else if (power >= digits || power < -4) text = `${Number(mantissa)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  return text.replaceAll("-", "−");
}

/**
 * Derive one entry of an array.
 * @param {{letters: string[], tree: any}} declared
 * @param {Record<string, number|Values>} given  what the formula names
 * @param {number[]} index
 * @param {Record<string, string>} shown  names of the arrays in the text
 * @returns {Derivation}
 */
export function derive(declared, given, index, shown = {}, most = 10) {
  const rank = Math.max(...Object.values(given).map((each) => (typeof each === "number" ? 0 : each.shape.length)));
  const further = declared.letters.includes("…") ? index.length - declared.letters.length + 1 : Math.max(0, rank - 2);
  const [letters, tree] = expand([declared.letters, declared.tree], FURTHER.slice(0, further));
  const scope = within(given, Object.fromEntries(letters.map((letter, k) => [letter, index[k]])));
  const formula = withNames(tree, scope).replace(/\w+/g, (word) => shown[word] ?? word);
  const parts = summands(tree);
  const sum = parts.find(({ part }) => isReduction(part));
  const uses = {};
  if (!sum) {
    const value = evaluate(tree, scope, uses) || 0;
    const terms = [{ label: "", text: withNumbers(tree, scope), value, uses }];
    return { formula, value, symbol: "", terms, count: 1, left: 0, rest: null, uses };
  }
  const [symbol, over, , inside] = sum.part;
  const all = places(sum.part, scope).map((at) => {
    const [inner, own] = [within(scope, at), {}];
    return { at, inner, value: sum.sign * evaluate(inside, inner, own), uses: own };
  });
  const valid = all.filter(({ value }) => !Number.isNaN(value));
  for (const term of valid) add(uses, term.uses);
  const size = ({ value }) => (symbol === "Max" ? value : Math.abs(value));
  const sorted = [...valid].sort((a, b) => size(b) - size(a));
  const largest = sorted.filter(({ value }, k) => k === 0 || (k < most && (value || sorted.length <= most)));
  const label = (at) => over.map((letter) => `${letter}=${at[letter]}`).join(", ");
  const terms = largest.map(({ at, inner, ...term }) => ({ label: label(at), text: withNumbers(inside, inner), ...term }));
  const total = (each) => each.reduce((found, { value }) => found + value, 0);
  const others = parts.filter((part) => part !== sum).map(({ part, sign }) => ({ part, sign, value: sign * evaluate(part, scope, uses) }));
  const text = others.map(({ part, sign }) => `${sign < 0 ? "−" : "+"} ${withNumbers(part, scope)}`).join(" ");
  const rest = others.length ? { text: text.replace(/^\+ /, ""), value: total(others) } : null;
  const value = (symbol === "Max" ? sorted[0].value : total(valid)) + total(others);
  return { formula, value, symbol, terms, count: sorted.length, left: total(sorted.slice(terms.length)), rest, uses };
}

/** A scope with further names. */
const within = (scope, names) => Object.assign(Object.create(scope), names);

/** Put the letters of further axes in the place of "…". */
const expand = (tree, further) => (Array.isArray(tree) ? tree.flatMap((part) => (part === "…" ? further : [expand(part, further)])) : tree);

/** The parts of a sum with their signs. */
function summands(part, sign = 1) {
  if (!SUMS.includes(part[0]) || part.length < 3) return [{ part, sign }];
  return [...summands(part[1], sign), { part: part[2], sign: part[0] === "+" ? 1 : -1 }];
}

const isReduction = (tree) => tree[0] === "Σ" || tree[0] === "Max";

/** Call a function with each list of a tree. */
export function visit(tree, call) {
  if (!Array.isArray(tree)) return;
  call(tree);
  for (const part of tree) visit(part, call);
}

/** The values of the letters of a reduction: within the ranges given, or else the axes that the letters index. */
function places(sum, scope) {
  const [, over, ranges, term] = sum;
  const sizes = {};
  visit(term, ([kind, name, at]) => {
    if (kind === "[]") for (const [axis, letter] of at.entries()) sizes[letter] = scope[name].shape[axis];
  });
  for (const [letter, limit] of Object.entries(ranges)) sizes[letter] = evaluate(limit, scope);
  const along = (letter) => Array.from({ length: sizes[letter] }, (_, k) => k);
  return over.reduce((found, letter) => found.flatMap((at) => along(letter).map((k) => ({ ...at, [letter]: k }))), [{}]);
}

/** The value of a tree, or NaN where it names an entry outside of an array; the entries are added to `uses`. */
function evaluate(tree, scope, uses = null) {
  if (!Array.isArray(tree)) return typeof tree === "number" ? tree : scope[tree];
  const [kind, ...parts] = tree;
  const index = () => parts[1].map((at) => evaluate(at, scope, uses));
  if (kind === "[]") return entry(parts[0], scope, index(), uses);
  if (!isReduction(tree)) return (OPERATIONS[kind] ?? Math[kind])(...parts.map((part) => evaluate(part, scope, uses)));
  const values = places(tree, scope).map((at) => evaluate(parts[2], within(scope, at), uses));
  const inside = values.filter((value) => !Number.isNaN(value));
  return kind === "Σ" ? inside.reduce((a, b) => a + b, 0) : Math.max(...inside);
}

function add(uses, more) {
  for (const [name, offsets] of Object.entries(more)) {
    uses[name] ??= new Set();
    for (const offset of offsets) uses[name].add(offset);
  }
}

function entry(name, scope, index, uses = null) {
  const { shape, values } = scope[name];
  if (!index.every((at, axis) => Number.isInteger(at) && at >= 0 && at < shape[axis])) return NaN;
  const offset = index.reduce((found, at, axis) => found * shape[axis] + at, 0);
  if (uses) add(uses, { [name]: [offset] });
  return values[offset];
}

/** Write a tree with its numbers put in. */
const withNumbers = (tree, scope) => write(tree, (leaf) => number(evaluate(leaf, scope) || 0));

/** Write a tree in the notation of mathematics, with the indices of an entry put in. */
function withNames(tree, scope) {
  return write(tree, (leaf) => {
    if (typeof leaf === "number") return number(leaf);
    if (typeof leaf === "string") return leaf.length === 1 ? String(scope[leaf] ?? leaf) : leaf;
    const [kind, over, ranges, term] = leaf;
    if (kind === "[]") return `${over}[${ranges.map((at) => withNames(simplify(at, scope), scope).replaceAll(" ", ""))}]`;
    const letters = over.map((letter) => (letter in ranges ? `${letter}<${simplify(ranges[letter], scope)}` : letter));
    return `${kind}[${letters}] ${withNames(term, scope)}`;
  });
}

/** Put numbers into an index, and compute what has only numbers: i·stride+k becomes 8+k. */
function simplify(tree, scope) {
  if (!Array.isArray(tree)) return Number.isInteger(scope[tree]) ? scope[tree] : tree;
  const [kind, a, b] = tree;
  if (kind === "[]") {
    const at = b.map((each) => simplify(each, scope));
    return at.every(Number.isInteger) ? entry(a, scope, at) : [kind, a, at];
  }
  const [left, right] = [simplify(a, scope), simplify(b, scope)];
  if (right === (SUMS.includes(kind) ? 0 : 1)) return left;
  if (left === 0 && kind === "+") return right;
  return Number.isInteger(left) && Number.isInteger(right) && kind !== "/" ? OPERATIONS[kind](left, right) : [kind, left, right];
}

/** Write a tree; `leaf` writes numbers, names, entries and reductions. */
function write(tree, leaf) {
  if (!Array.isArray(tree) || tree[0] === "[]" || isReduction(tree)) return leaf(tree);
  const [kind, a, b] = tree;
  const [left, right] = [write(a, leaf), b === undefined ? "" : write(b, leaf)];
  const inner = (part, text, loose) => {
    const wraps = Array.isArray(part) && part.length === 3 && loose.includes(part[0]);
    return wraps || /^(−|Σ|Max)/.test(text) ? `(${text})` : text;
  };
  if (COMPARISONS.includes(kind)) return `[${left} ${kind} ${right}]`;
  if (kind === "−" && !right) return `−${inner(a, left, SUMS)}`;
  if (kind === "^") return inner(a, left, PRODUCTS) + (b === 2 ? "²" : `^${inner(b, right, PRODUCTS)}`);
  if (SUMS.includes(kind)) return `${left} ${kind} ${inner(b, right, SUMS)}`;
  if (PRODUCTS.includes(kind)) return `${inner(a, left, SUMS)} ${kind} ${inner(b, right, PRODUCTS)}`;
  return `${kind}(${right ? `${left}, ${right}` : left})`;
}
