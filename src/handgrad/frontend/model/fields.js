// The fields by which a layer is described, and what they may be.

/**
 * A check of a whole number.
 * @param {number} least
 * @param {number} most
 * @param {number} [fallback]  its value where the description has none
 */
export function whole(least, most, fallback) {
  return (value = fallback) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`must be a whole number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}`);
  };
}

/** A check of a number for which `right` holds, which `words` say. */
export function number(right, words, fallback) {
  return (value = fallback) => {
    if (typeof value === "number" && right(value)) return value;
    throw new Error(`must be ${words}`);
  };
}

/** What the page has no use for, such as an initializer. */
export const unread = () => undefined;

/**
 * Check a description against the fields of its type.
 * @param {Object} description  {type, …}
 * @param {Object<string, function>} fields
 * @returns {Object} the values of all fields
 * @throws {Error} where a field is unknown or its value refused
 */
export function readFields({ type, ...given }, fields) {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(fields, name)) throw new Error(`${type} has no field '${name}' that this page knows`);
  }
  const read = ([name, check]) => {
    try {
      return [name, check(given[name])];
    } catch (error) {
      throw new Error(`${type} ${name} ${error.message}; got ${JSON.stringify(given[name])?.slice(0, 60) ?? "none"}`);
    }
  };
  return Object.fromEntries(Object.entries(fields).map(read));
}
