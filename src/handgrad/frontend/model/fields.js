// Checks of the fields in a layer's description.

/** Accept an integer from `least` to `most`; `fallback` is its default. */
export function integer(least, most, fallback) {
  const range = `an integer from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;
  return check((value) => Number.isInteger(value) && value >= least && value <= most, range, fallback);
}

/** Accept a number for which `valid` holds; `range` describes these numbers. */
export function number(valid, range, fallback) {
  return check((value) => typeof value === "number" && valid(value), range, fallback);
}

function check(valid, range, fallback) {
  return (value = fallback) => {
    if (valid(value)) return value;
    throw new Error(`must be ${range}`);
  };
}

/** Ignore a field, e.g. an initializer. */
export const unused = () => undefined;

/**
 * Check a description against the fields of its type.
 * @param {Object} description  {type, …}
 * @param {Object<string, function>} fields
 * @returns {Object} the values of all fields
 * @throws {Error} where a field is unknown or its value invalid
 */
export function readFields({ type, ...values }, fields) {
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(fields, name)) throw new Error(`${type} has no field '${name}'`);
  }
  const read = ([name, check]) => {
    try {
      return [name, check(values[name])];
    } catch (error) {
      throw new Error(`${type} ${name} ${error.message}; got ${JSON.stringify(values[name])?.slice(0, 60) ?? "nothing"}`);
    }
  };
  return Object.fromEntries(Object.entries(fields).map(read));
}
