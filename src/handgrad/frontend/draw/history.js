// What is on the sheet, and every sheet before it: for undo.
//
// A sheet is a drawing, or an example in its place, and the pixels that were changed by hand. Sheets never change once
// something was put on top of them, so undo only goes back to one.

import { blank } from "handgrad/draw/strokes.js";

export class History {
  #sheets = [{ drawing: blank(), example: null, edits: new Map() }];

  get sheet() {
    return this.#sheets.at(-1);
  }

  get canUndo() {
    return this.#sheets.length > 1;
  }

  get empty() {
    const { drawing, example, edits } = this.sheet;
    return !drawing.strokes.length && !example && !edits.size;
  }

  /** Go on with a sheet that differs from this one in what is given. */
  push(changes) {
    this.#sheets.push({ ...this.sheet, ...changes });
    if (this.#sheets.length > 200) this.#sheets.shift();
  }

  undo() {
    if (this.canUndo) this.#sheets.pop();
  }

  /** Another pen is no step to undo: the whole drawing is drawn with it. */
  setWidth(width) {
    for (const sheet of this.#sheets) sheet.drawing = { ...sheet.drawing, width };
  }
}
