// Keeps the pages of alerts current without disturbing whoever writes there, and remembers who acknowledges.
import { followEvents, problemInWords } from "../live/events.js";
import { takeLocalTimes } from "../front_door/local-fields.js";
import { askUnattended } from "../front_door/attention.js";
import { fillInNames, rememberName } from "../front_door/remembered.js";
import { showLocalTimes } from "../front_door/time.js";

const REFRESH_AT_MOST_EVERY_MS = 1000;
// What is firing has lasted longer, and some of it may no longer be as old as the filter wants, which no event tells.
const REFRESH_AT_LEAST_EVERY_MS = 30000;
const EVENTS = ["hello", "alert", "acknowledged", "acknowledgement-removed", "missed"];

const page = document.querySelector("[data-alerts]");

// Without one of its two pictures a difference would show the other as it is; and what was not kept is no picture to open.
function doWithout(image) {
  const both = image.closest?.(".difference, .heat-map");
  if (both) both.closest("figure").hidden = true;
  const link = image.closest?.(".evidence a.picture");
  if (!link) return;
  const words = document.createElement("div");
  words.className = "picture";
  words.textContent = "Not kept";
  link.replaceWith(words);
}

function hasFailed(image) {
  return image.complete && image.naturalWidth === 0 && image.currentSrc !== "";
}

// Whether somebody has the focus there, has opened a form, or has written something.
function isInUse(element) {
  return element.contains(document.activeElement)
    || element.matches("[open]") || element.querySelector("[open]") !== null
    || Array.from(element.querySelectorAll("input, textarea"), (it) => it.value !== it.defaultValue).includes(true);
}

function isNews(shown, fresh) {
  return !shown.isEqualNode(fresh) && !shown.contains(document.activeElement);
}

function renewParts(parts, fresh) {
  for (const part of parts) {
    const by = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (by !== null && isNews(part, by)) part.replaceWith(by);
  }
}

// Brings what an alert says up to date, and leaves its form alone while it is in use.
function renewAlert(shown, fresh) {
  renewParts(shown.querySelectorAll("[data-part]"), fresh);
  const [form, by] = [shown, fresh].map((it) => it.querySelector(".acknowledge"));
  if (form && by && !isInUse(form) && isNews(form, by)) form.replaceWith(by);
}

// Entries that are in use stay where they are; the others are put around them in the fresh order. An entry stays the
// same element as long as its alert is on the page: its pictures do not flicker, and no click is lost.
function renewList(list, fresh, shown) {
  const wanted = new Set();
  let next = null;
  for (const by of Array.from(fresh.children).reverse()) {
    const entry = shown.get(by.dataset.alert) ?? by;
    if (entry !== by) renewAlert(entry, by);
    wanted.add(entry);
    const isInPlace = entry.parentElement === list && entry.nextElementSibling === next;
    if (!isInPlace && !isInUse(entry)) list.insertBefore(entry, next);
    if (entry.parentElement === list) next = entry;
  }
  for (const entry of Array.from(list.children)) {
    if (!wanted.has(entry) && !isInUse(entry)) entry.remove();
  }
}

function renewSection(section, fresh, shown) {
  renewParts(section.querySelectorAll(":scope > [data-part]"), fresh);
  renewList(section.querySelector(".episodes"), fresh.querySelector(".episodes"), shown);
}

function renew(fresh) {
  showLocalTimes(fresh);
  fillInNames(fresh);
  if (page.dataset.alert !== undefined) {
    renewAlert(page, fresh);
    return;
  }
  const shown = new Map(Array.from(page.querySelectorAll("[data-alert]"), (it) => [it.dataset.alert, it]));
  for (const section of page.querySelectorAll("[data-renewed]")) {
    const by = fresh.querySelector(`[data-renewed="${section.dataset.renewed}"]`);
    if (by !== null) renewSection(section, by, shown);
  }
}

function alertsIn(text) {
  return new DOMParser().parseFromString(text, "text/html").querySelector("[data-alerts]");
}

function follow() {
  let timer = null;
  const refresh = async () => {
    timer = null;
    askUnattended();
    const response = await fetch(location.href).catch(() => null);
    if (!response?.ok) return;
    const fresh = alertsIn(await response.text().catch(() => ""));
    if (fresh !== null) renew(fresh);
  };
  const refreshSoon = () => { timer ??= setTimeout(refresh, REFRESH_AT_MOST_EVERY_MS); };
  // What had the focus may have kept its place.
  page.addEventListener("focusout", refreshSoon);
  followEvents("/api/v1/events", Object.fromEntries(EVENTS.map((name) => [name, refreshSoon])));
  setInterval(refreshSoon, REFRESH_AT_LEAST_EVERY_MS);
}

// The page stays where it is, and so does the focus.
async function acknowledge(form, button) {
  const name = form.querySelector("[data-remembered]");
  if (name !== null) rememberName(name.value.trim());
  button.disabled = true;
  const body = new URLSearchParams(new FormData(form));
  const response = await fetch(form.action, { method: "POST", body }).catch(() => null);
  button.disabled = false;
  if (!response?.ok) return refuse(form, response === null ? "The service does not answer." : await problemInWords(response));
  const entry = form.closest("[data-alert]");
  const fresh = alertsIn(await response.text());
  const by = fresh?.matches("[data-alert]") ? fresh : fresh?.querySelector(`[data-alert="${entry.dataset.alert}"]`);
  const details = form.closest("details");
  const renewed = by?.querySelector(".acknowledge") ?? details.cloneNode(true);
  renewed.open = false;
  details.replaceWith(renewed);
  renewed.querySelector("summary").focus({ preventScroll: true });
  if (fresh) renew(fresh);
}

function refuse(form, words) {
  const said = form.querySelector("[role=alert]") ?? form.appendChild(document.createElement("p"));
  said.setAttribute("role", "alert");
  said.textContent = words;
}

document.addEventListener("error", (event) => doWithout(event.target), true);
Array.from(document.querySelectorAll(".evidence img")).filter(hasFailed).forEach(doWithout);
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".acknowledge form")) return;
  event.preventDefault();
  acknowledge(event.target, event.submitter);
});
takeLocalTimes(document.querySelector(".alert-filter"));
// Where a message's link leads.
if (location.hash === "#acknowledge") document.querySelector("#acknowledge details")?.setAttribute("open", "");
askUnattended();
fillInNames(document);
follow();
