// Which tabs hold a stream of events open. Browsers open about six connections to a server, shared by all tabs: if each
// tab held one, the seventh would wait forever. So a few hold one, and the others poll.

const MAX_STREAMS = 3;

/**
 * Claim one of the streams; the tabs of a browser share them by locks.
 * @returns {Promise<function|null>} releases it; null: none is free, or this browser has no locks (they need HTTPS or
 *     localhost)
 */
export async function claim() {
  for (let index = 0; index < MAX_STREAMS && navigator.locks; index++) {
    const release = await lock(`handgrad.stream.${index}`);
    if (release) return release;
  }
  return null;
}

function lock(name) {
  return new Promise((resolve) => {
    const hold = (granted) => granted && new Promise((release) => resolve(release));
    navigator.locks.request(name, { ifAvailable: true }, hold).then(() => resolve(null), () => resolve(null));
  });
}
