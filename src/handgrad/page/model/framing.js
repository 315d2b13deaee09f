export function frameDigit() { return null; }
