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
  // Where people log in.
  const offer = document.querySelector("[data-logged-out]");
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
    notice.hidden = offer?.hidden === false;
    if (events.readyState !== EventSource.CLOSED) return;
    timer ??= setTimeout(connect, AGAIN_AFTER_MS);
    if (offer !== null) offerLogin(offer, notice);
  };
  const open = () => {
    notice.hidden = true;
    if (offer !== null) offer.hidden = true;
  };
  const connect = () => {
    clearTimeout(timer);
    timer = null;
    heardAt = Date.now();
    events?.close();
    const url = new URL(address, location.href);
    if (position !== "") url.searchParams.set("after", position);
    events = new EventSource(url);
    events.addEventListener("open", open);
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

// The service may refuse a connection because somebody is no longer logged in.
async function offerLogin(offer, notice) {
  const response = await fetch("/api/v1/alerts?limit=1").catch(() => null);
  if (response?.status !== 401) return;
  const here = encodeURIComponent(location.pathname + location.search);
  offer.querySelector("[data-log-in]").href = `/login?next=${here}`;
  notice.hidden = true;
  offer.hidden = false;
}

/** What went wrong, in the words of the service where it has any. */
export async function problemInWords(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? `The service answered ${response.status}.`;
}
