// Which followers keep a stream open. A browser opens some six connections to a server, however many tabs look at it:
// if each tab held one, the seventh would wait for ever. So a few hold one, and the others take turns.

const MOST = 3; // the other connections are for what all tabs ask besides

/**
 * Ask for one of the few streams; the tabs of a browser share them by locks.
 * @returns {Promise<function|null>} gives it back; null: all are taken, or this browser has no locks (they need HTTPS,
 *     or this machine's own address)
 */
export async function claim() {
  for (let place = 0; place < MOST && navigator.locks; place++) {
    const release = await taken(`handgrad.stream.${place}`);
    if (release) return release;
  }
  return null;
}

function taken(name) {
  return new Promise((answer) => {
    const hold = (lock) => lock && new Promise((release) => answer(release));
    navigator.locks.request(name, { ifAvailable: true }, hold).then(() => answer(null), () => answer(null));
  });
}
