// The connection to the service.

// After an answer that is no stream of events, such as a proxy's while the service starts, a browser gives up.
const AGAIN_AFTER_MS = 3000;
// The service says something every 15 s at least. A connection can be gone without either side hearing of it.
const SILENT_MS = 40000;
const CHECK_EVERY_MS = 1000;

/**
 * Follows events: calls `heard[name]` with each event of that name, whatever becomes of the connection. The page says so
 * while there is none.
 */
export function followEvents(address, heard) {
  const notice = document.querySelector("[data-lost]");
  let events = null;
  let position = "";
  let heardAt = 0;
  let timer = null;

  const hear = (event) => {
    heardAt = Date.now();
    position = event.lastEventId || position;
    heard[event.type]?.(event);
  };
  const lose = () => {
    notice.hidden = false;
    if (events.readyState === EventSource.CLOSED) timer ??= setTimeout(connect, AGAIN_AFTER_MS);
  };
  const connect = () => {
    clearTimeout(timer);
    timer = null;
    heardAt = Date.now();
    events?.close();
    const url = new URL(address, location.href);
    if (position !== "") url.searchParams.set("after", position);
    events = new EventSource(url);
    events.addEventListener("open", () => { notice.hidden = true; });
    events.addEventListener("error", lose);
    for (const name of new Set(["hello", "alive", ...Object.keys(heard)])) events.addEventListener(name, hear);
  };
  setInterval(() => {
    if (Date.now() - heardAt < SILENT_MS) return;
    notice.hidden = false;
    connect();
  }, CHECK_EVERY_MS);
  connect();
}

/** What went wrong, in the words of the service where it has any. */
export async function problemInWords(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? `The service answered ${response.status}.`;
}
