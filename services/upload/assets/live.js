// Keeps what a page shows of its folders current. Pages are complete without it.
"use strict";

const MARKERS = document.querySelectorAll("[data-folder]");
const AT_MOST_EVERY_MS = 1000;
// States also change because time passes, which no event tells.
const AT_LEAST_EVERY_MS = 30000;

// The states that come first on the overview, as the server sorts them.
const URGENCY = { "alert": 0, "mismatch": 1 };
const OTHERWISE = 2;

const WORDS = {
  "ok": ["OK", "The view looks like its reference."],
  "alert": ["Alert", "The view does not look like its reference."],
  "mismatch": ["Mismatch", "The view does not look like its reference, but no alert is firing: its rule says so."],
  "indeterminate": ["Indeterminate", "The reference is blank: there is nothing to compare with."],
  "no-reference": ["No reference", "Upload a picture of how the view should look."],
  "no-frames": ["No frames", "No camera has sent a frame in the last 5 minutes."],
  "waiting": ["Waiting", "The latest frame has not been compared with the reference yet."],
};

function localTime(iso) {
  const time = document.createElement("time");
  time.dateTime = iso;
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  time.textContent = isToday
    ? at.toLocaleTimeString([], { timeStyle: "medium" })
    : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  time.title = iso;
  return time;
}

class Folder {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.folder;
    this.timer = null;
    this.refreshedAt = 0;
    const state = this.part("state").classList[1];
    this.urgency = URGENCY[state] ?? OTHERWISE;
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  refreshSoon() {
    if (this.timer === null) {
      const wait = Math.max(0, this.refreshedAt + AT_MOST_EVERY_MS - Date.now());
      this.timer = setTimeout(() => this.refresh(), wait);
    }
  }

  async refresh() {
    this.refreshedAt = Date.now();
    try {
      const response = await fetch(`/api/v1/folders/${this.name}`);
      if (response.ok) {
        const before = this.urgency;
        this.show(await response.json());
        if (this.urgency !== before) sortCards();
      }
    } catch {
      // The event stream comes back by itself, and with it the next refresh.
    } finally {
      this.timer = null;
    }
  }

  show(folder) {
    const [words, explanation] = WORDS[folder.state] ?? [folder.state, ""];
    this.part("state").className = `state ${folder.state}`;
    this.urgency = URGENCY[folder.state] ?? OTHERWISE;
    this.text("words", words);
    this.text("explanation", folder.alert?.message ?? explanation);
    this.text("similarity", folder.similarity === null ? "–" : folder.similarity.toFixed(3));
    this.text("threshold", String(folder.rule.threshold));
    this.text("camera", folder.frame?.camera || "–");
    this.time("frame-moment", folder.frame?.storedAt, "");
    this.time("reference-moment", folder.reference?.uploadedAt, "");
    this.time("alert-moment", folder.alert?.firedAt, "–");
    const base = `/api/v1/folders/${folder.folder}`;
    this.picture("frame", folder.frameIsCurrent ? `${base}/frame?at=${folder.frame.storedAt}` : null);
    this.picture("reference", folder.reference ? `${base}/images/${folder.reference.id}/content` : null);
  }

  text(name, value) {
    const part = this.part(name);
    if (part !== null && part.textContent !== value) part.textContent = value;
  }

  time(name, iso, otherwise) {
    this.part(name)?.replaceChildren(iso === undefined ? otherwise : localTime(iso));
  }

  picture(name, source) {
    const image = this.part(name);
    if (image === null) return;
    image.hidden = source === null;
    this.part(`no-${name}`).hidden = source !== null;
    if (source !== null && image.getAttribute("src") !== source) image.src = source;
  }
}

// Puts the cards in the order in which the server draws them, unless somebody has the focus among them.
function sortCards() {
  const list = document.querySelector(".cards");
  if (list === null || list.contains(document.activeElement)) return;
  const urgency = (card) => FOLDERS.get(card.dataset.folder).urgency;
  const byName = new Intl.Collator("en", { numeric: true });
  const cards = Array.from(list.children).sort((a, b) =>
    urgency(a) - urgency(b) || byName.compare(a.dataset.folder, b.dataset.folder));
  list.append(...cards);
}

// An event source, and a notice on the page while it has no connection.
function openEvents(address) {
  const events = new EventSource(address);
  const notice = document.querySelector("[data-lost]");
  events.addEventListener("error", () => { notice.hidden = false; });
  events.addEventListener("open", () => { notice.hidden = true; });
  return events;
}

function follow(folders) {
  const refresh = (event) => folders.get(JSON.parse(event.data).folder)?.refreshSoon();
  const refreshAll = () => folders.forEach((folder) => folder.refreshSoon());
  const only = folders.size === 1 ? `?folder=${folders.keys().next().value}` : "";
  const events = openEvents(`/api/v1/events${only}`);
  for (const name of ["comparison", "alert", "upload", "upload-removed"]) {
    events.addEventListener(name, refresh);
  }
  events.addEventListener("hello", refreshAll);
  events.addEventListener("missed", refreshAll);
  setInterval(refreshAll, AT_LEAST_EVERY_MS);
}

function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time")) time.replaceWith(localTime(time.dateTime));
}

// The alerts are drawn by the server; what has changed is asked for again.
function followAlerts(element) {
  let timer = null;
  const refresh = async () => {
    timer = null;
    const response = await fetch(location.href).catch(() => null);
    if (!response?.ok || element.contains(document.activeElement)) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-alerts]");
    if (fresh === null) return;
    showLocalTimes(fresh);
    element.replaceChildren(...fresh.childNodes);
  };
  const refreshSoon = () => { timer ??= setTimeout(refresh, AT_MOST_EVERY_MS); };
  const events = openEvents("/api/v1/events");
  for (const name of ["hello", "alert", "missed"]) events.addEventListener(name, refreshSoon);
  setInterval(refreshSoon, AT_LEAST_EVERY_MS);
}

showLocalTimes(document);
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}
const FOLDERS = new Map(Array.from(MARKERS, (it) => [it.dataset.folder, new Folder(it)]));
if (FOLDERS.size > 0) follow(FOLDERS);
const ALERTS = document.querySelector("[data-alerts]");
if (ALERTS !== null) followAlerts(ALERTS);
