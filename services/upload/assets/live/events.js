// The connection to the service, and the service's to NATS: while either is lost, nothing here is called OK.
import { showLost, showUnattended } from "../front_door/attention.js";

// After an answer that is no stream of events, such as a proxy's while the service starts, a browser gives up.
const AGAIN_AFTER_MS = 3000;
// The service says something every 3 s at least. A connection can be gone without either side hearing of it.
const SILENT_MS = 8000;
const CHECK_EVERY_MS = 1000;

/**
 * Follows events: calls `heard[name]` with each event of that name, whatever becomes of the connection. The page says so
 * while there is none. Where they come from, `address` is asked for each connection: it says what the page has. What is
 * returned connects anew.
 */
export function followEvents(address, heard) {
  const notice = document.querySelector("[data-lost]");
  const broken = document.querySelector("[data-broken]");
  // Where people log in.
  const offer = document.querySelector("[data-logged-out]");
  let events = null;
  let heardAt = Date.now();
  let currentAt = Date.now();
  let timer = null;

  const show = (element, isShown) => {
    element.hidden = !isShown;
    const isLost = [notice, broken, offer].some((it) => it?.hidden === false);
    const wasLost = document.body.hasAttribute("data-is-lost");
    if (isLost === wasLost) return;
    document.body.toggleAttribute("data-is-lost", isLost);
    const until = new Date(currentAt).toLocaleTimeString([], { timeStyle: "medium" });
    document.body.style.setProperty("--until", `" until ${until}"`);
    showLost(isLost);
  };
  const hear = (event) => {
    heardAt = Date.now();
    const { isConnected } = event.type === "alive" || event.type === "hello" ? JSON.parse(event.data) : {};
    if (isConnected !== undefined) show(broken, !isConnected);
    if (broken.hidden) currentAt = heardAt;
    if (event.type === "unattended") showUnattended(JSON.parse(event.data).count);
    heard[event.type]?.(event);
  };
  const lose = () => {
    show(notice, offer?.hidden !== false);
    // A browser would connect with the address as it was, by which the page has what it had then.
    events.close();
    timer ??= setTimeout(connect, AGAIN_AFTER_MS);
    if (offer !== null) offerLogin(offer, () => {
      show(offer, true);
      show(notice, false);
    });
  };
  const open = () => {
    show(notice, false);
    if (offer !== null) show(offer, false);
  };
  const connect = () => {
    clearTimeout(timer);
    timer = null;
    heardAt = Date.now();
    events?.close();
    events = new EventSource(address());
    events.addEventListener("open", open);
    events.addEventListener("error", lose);
    for (const name of new Set(["hello", "alive", "unattended", ...Object.keys(heard)])) events.addEventListener(name, hear);
  };
  setInterval(() => {
    if (Date.now() - heardAt < SILENT_MS) return;
    show(notice, offer?.hidden !== false);
    connect();
  }, CHECK_EVERY_MS);
  show(broken, !broken.hidden);
  connect();
  return connect;
}

// The service may refuse a connection because somebody is no longer logged in.
async function offerLogin(offer, show) {
  const response = await fetch("/api/v1/alerts?limit=1").catch(() => null);
  if (response?.status !== 401) return;
  const here = encodeURIComponent(location.pathname + location.search);
  offer.querySelector("[data-log-in]").href = `/login?next=${here}`;
  show();
}

/** What went wrong, in the words of the service where it has any. */
export async function problemInWords(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? `The service answered ${response.status}.`;
}
