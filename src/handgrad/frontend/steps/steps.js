// The Step by step section.

export function mount() {
  throw new Error("there is nothing here yet");
}
