// Keeps the lists of a page current, of which no event tells: each part is replaced while nobody is using it.
import { showLocalTimes } from "../front_door/time.js";

const EVERY_MS = 5000;

function isInUse(part) {
  return part.contains(document.activeElement) || part.querySelector("[open]") !== null;
}

async function renew() {
  const response = await fetch(location.href).catch(() => null);
  document.querySelector("[data-lost]").hidden = response !== null;
  const isLoggedOut = response !== null && new URL(response.url).pathname === "/login";
  document.querySelector("[data-logged-out]")?.toggleAttribute("hidden", !isLoggedOut);
  if (!response?.ok || isLoggedOut) return;
  const fresh = new DOMParser().parseFromString(await response.text().catch(() => ""), "text/html");
  const broken = fresh.querySelector("[data-broken]");
  if (broken !== null) document.querySelector("[data-broken]").hidden = broken.hidden;
  showLocalTimes(fresh);
  for (const part of document.querySelectorAll("[data-renewed]")) {
    const by = fresh.querySelector(`[data-renewed="${part.dataset.renewed}"]`);
    if (by !== null && !isInUse(part) && !part.isEqualNode(by)) part.replaceWith(by);
  }
}

setInterval(renew, EVERY_MS);
