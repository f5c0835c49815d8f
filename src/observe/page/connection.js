/** Server-sent events that come back: after an error, after a refusal, and after silence. */

/** The server beats every 5 s; three beats missed and the connection is dead, whatever TCP says. */
const SILENCE_MS = 16_000;
const RETRY_MS = 3000;

/**
 * Calls `handlers[event]` with the data of each event, and `lost` and `found` as the connection
 * goes and comes. The server begins each connection with a `snapshot`.
 * @param {string} url
 * @param {Record<string, (data: any) => void>} handlers
 * @param {{ lost: () => void, found: () => void }} state
 */
export function connect(url, handlers, state) {
  /** @type {ReturnType<typeof setTimeout>} */
  let watchdog;
  const source = new EventSource(url);
  const again = () => {
    clearTimeout(watchdog);
    source.close();
    state.lost();
    setTimeout(() => connect(url, handlers, state), RETRY_MS);
  };
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(again, SILENCE_MS);
  };
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => {
      alive();
      handle(JSON.parse(event.data));
    });
  }
  source.addEventListener('beat', alive);
  source.addEventListener('open', state.found);
  source.addEventListener('error', again);
  alive();
}
