// The alerts are drawn by the service; what has changed is asked for again.
import { openEvents } from "./events.js";
import { showLocalTimes } from "./time.js";

const AT_MOST_EVERY_MS = 1000;
const AT_LEAST_EVERY_MS = 30000;

const ALERTS = document.querySelector("[data-alerts]");

let timer = null;
function refreshSoon() {
  timer ??= setTimeout(refresh, AT_MOST_EVERY_MS);
}

async function refresh() {
  timer = null;
  const response = await fetch(location.href).catch(() => null);
  if (!response?.ok || ALERTS.contains(document.activeElement)) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-alerts]");
  if (fresh === null) return;
  showLocalTimes(fresh);
  ALERTS.replaceChildren(...fresh.childNodes);
}

const EVENTS = openEvents("/api/v1/events");
for (const name of ["hello", "alert", "missed"]) EVENTS.addEventListener(name, refreshSoon);
setInterval(refreshSoon, AT_LEAST_EVERY_MS);
