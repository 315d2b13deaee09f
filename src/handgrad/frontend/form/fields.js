// The fields of a form: a number, or a name of several, for each column, which begin with the mean or the most frequent.

import { element } from "handgrad/elements.js";
import { scaleOf } from "handgrad/form/columns.js";

/**
 * Create the field of a column.
 * @returns  its element, value() and reset(); the value is "" where it is missing, and undefined where it is not a number
 */
export function field(network, column) {
  const { control, value, reset } = column.number === undefined ? choice(network, column) : numberField(network, column);
  reset();
  control.id = `field-${column.inputs[0]}`;
  return { element: element("div", { class: "field" }, element("label", { for: control.id }, column.name), control), value, reset };
}

function numberField(network, { number, names }) {
  const { mean, divisor } = scaleOf(network, number);
  const step = Number(`1e${Math.floor(Math.log10(divisor)) - 1}`);
  const control = element("input", { type: "number", step, autocomplete: "off", placeholder: names.has("") ? "missing" : null });
  const value = () => {
    const missing = control.value === "" && !control.validity.badInput && names.has("");
    const found = missing ? "" : control.value === "" ? undefined : Number(control.value);
    control.setAttribute("aria-invalid", found === undefined); // numbers between two steps are valid
    return found;
  };
  return { control, value, reset: () => (control.value = Number((Math.round(mean / step) * step).toPrecision(12))) };
}

function choice(network, { names }) {
  const options = [...names.keys()].map((name) => element("option", { value: name }, name || "(missing)"));
  const control = element("select", {}, ...options);
  const share = (name) => scaleOf(network, names.get(name)).mean;
  const frequent = [...names.keys()].reduce((a, b) => (share(b) > share(a) ? b : a));
  return { control, value: () => control.value, reset: () => (control.value = frequent) };
}
