// What the network says: one large answer, and a bar for each class. A bar is also the choice of the class to explain.

import { element } from "handgrad/elements.js";

export class Answer {
  #rows = [];

  /** @param choose  called with a class's index, and true where it stays chosen whatever was before. */
  constructor(choose) {
    this.choose = choose;
    this.large = element("p", { class: "answer-large", "aria-hidden": "true" });
    this.words = element("p", { class: "answer-words" });
    this.heard = element("p", { class: "visually-hidden", "aria-live": "polite" });
    this.bars = element("div", {
      class: "bars",
      role: "radiogroup",
      "aria-label": "Probabilities. Choose a class to see what speaks for it",
      onkeydown: (event) => this.#key(event),
    });
    this.told = element("div", { class: "answer-told", hidden: true });
    this.head = element("div", { class: "answer-head" }, this.large, this.words);
    this.element = element("div", { class: "answer" }, this.head, this.bars, this.told, this.heard);
  }

  /** In place of bars: why there is no answer, in a line or a few. */
  tell(...lines) {
    this.told.replaceChildren(...lines);
    this.told.hidden = false;
    this.bars.hidden = this.head.hidden = true;
  }

  /** Another network, with its own classes. */
  setClasses(classes) {
    this.classes = classes;
    this.told.hidden = true;
    this.bars.hidden = this.head.hidden = false;
    this.#rows = classes.map((name, index) => {
      const fill = element("span", { class: "bar-fill" });
      const percent = element("span", { class: "bar-percent" }, "–");
      const row = element(
        "button",
        { class: "bar", type: "button", role: "radio", onclick: () => this.choose(index) },
        element("span", { class: "bar-name" }, name),
        element("span", { class: "bar-track" }, fill),
        percent,
      );
      return { row, fill, percent };
    });
    this.bars.replaceChildren(...this.#rows.map(({ row }) => row));
    this.bars.classList.toggle("many", classes.length > 10);
    this.bars.classList.toggle("short", classes.length <= 10 && classes.every((name) => name.length <= 2));
  }

  /** Show probabilities, or null: nothing is drawn. */
  update(probabilities, focus, chosen) {
    const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    this.large.textContent = probabilities ? this.classes[best] : "";
    this.large.classList.toggle("long", probabilities !== null && this.classes[best].length > 2);
    this.words.textContent = probabilities ? inWords(probabilities, this.classes) : "Draw something, and the network reads it.";
    this.#rows.forEach(({ row, fill, percent }, index) => {
      const share = probabilities?.[index] ?? 0;
      fill.style.setProperty("--share", share);
      percent.textContent = probabilities ? inPercent(share) : "–";
      percent.dataset.short = probabilities ? Math.round(100 * share) : "–"; // where there is little room
      row.classList.toggle("best", index === best);
      row.setAttribute("aria-checked", index === focus);
      row.setAttribute("aria-label", `${this.classes[index]}: ${probabilities ? inPercent(share) : "nothing drawn"}`);
      row.tabIndex = index === Math.max(0, focus) ? 0 : -1;
      row.title = index === chosen ? "chosen: press again to follow the answer" : `what speaks for ${this.classes[index]}?`;
    });
  }

  /** Tell screen readers, once a stroke is finished. */
  announce() {
    this.heard.textContent = this.words.textContent;
  }

  #key(event) {
    const at = this.#rows.findIndex(({ row }) => row === document.activeElement);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    const next = (at + step + this.#rows.length) % this.#rows.length;
    this.choose(next, true);
    this.#rows[next].row.focus();
  }
}

/** As a percentage that is 100 or 0 only where the share rounds to nothing else. */
export function inPercent(share) {
  const percent = 100 * share;
  if (percent > 99.9 && share < 1) return "> 99.9 %";
  if (percent < 0.1 && share > 0) return "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}

/** One sentence: the answer, and how sure it is. */
export function inWords(probabilities, classes) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order.map((index) => classes[index]);
  const most = probabilities[order[0]];
  const sure = inPercent(most);
  if (most >= 0.95) return `This is ${first}: ${sure}.`;
  if (most >= 0.6) return `Probably ${first} (${sure}), perhaps ${second}.`;
  return `Not sure: ${first} (${sure}) or ${second}?`;
}
