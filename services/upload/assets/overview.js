// The overview: all folders, live; found, filtered and sorted.
import { followEvents } from "./events.js";
import { Card } from "./card.js";
import { arrange } from "./order.js";
import { msUntilIdle } from "./work.js";

const ARRANGE_AT_MOST_EVERY_MS = 250;
const AGES_EVERY_MS = 1000;

const LIST = document.querySelector("[data-position]");
const FORM = document.querySelector("[data-filter]");
const COUNT = document.querySelector("[data-count]");
const TALLY = document.querySelector("[data-tally]");
const BY_NAME = new Intl.Collator("en", { numeric: true });
const CARDS = new Map();
const NONE = document.querySelector("[data-none]");
// Of very many folders the page has some; to find others it is asked for again.
const HAS_ALL = document.querySelector("[data-left-out]") === null;

const byName = (a, b) => BY_NAME.compare(a.name, b.name);
// What that is, the service says.
const byUrgency = (a, b) => a.urgency.rank - b.urgency.rank || Date.parse(b.urgency.since ?? 0) - Date.parse(a.urgency.since ?? 0);
const ORDERS = {
  "urgency": (a, b) => byUrgency(a, b) || byName(a, b),
  "name": byName,
  "similarity": (a, b) => (a.similarity ?? 2) - (b.similarity ?? 2) || byName(a, b),
  "age": (a, b) => (a.frameAt ?? "").localeCompare(b.frameAt ?? "") || byName(a, b),
};

function isWanted(card) {
  const { q, state } = FORM.elements;
  const words = q.value.toLowerCase().split(/\s+/);
  return words.every((word) => card.findable.includes(word)) && (state.value === "" || state.value === card.state);
}

function sort() {
  const order = ORDERS[FORM.elements.sort.value] ?? ORDERS.urgency;
  arrange(LIST, [...CARDS.values()].sort(order).map((card) => card.element));
}

// Nothing moves under the hands of who is working.
let sorting = null;
function sortSoon() {
  clearTimeout(sorting);
  const left = msUntilIdle();
  if (left === 0) return sort();
  sorting = setTimeout(sortSoon, left);
}

function count() {
  const counts = new Map();
  let shown = 0;
  for (const card of CARDS.values()) {
    counts.set(card.state, (counts.get(card.state) ?? 0) + 1);
    card.element.hidden = !isWanted(card);
    if (!card.element.hidden) shown += 1;
  }
  NONE.hidden = shown > 0 || CARDS.size === 0;
  if (!HAS_ALL) return;
  COUNT.textContent = shown === CARDS.size ? `${shown} folders` : `${shown} of ${CARDS.size} folders`;
  for (const entry of TALLY.children) {
    const number = counts.get(entry.dataset.state) ?? 0;
    entry.querySelector("[data-number]").textContent = number;
    entry.hidden = number === 0;
  }
}

let timer = null;
let arrangedAt = -ARRANGE_AT_MOST_EVERY_MS;
function arrangeSoon() {
  const left = arrangedAt + ARRANGE_AT_MOST_EVERY_MS - performance.now();
  timer ??= setTimeout(() => {
    timer = null;
    arrangedAt = performance.now();
    count();
    sortSoon();
  }, Math.max(0, left));
}

function show(summary) {
  const card = CARDS.get(summary.folder);
  // The service draws the card that is missing: of a new folder, or of one that was left out and needs somebody now.
  if (card === undefined) return HAS_ALL || summary.urgency.rank <= 1 ? addCards() : undefined;
  card.show(summary);
  arrangeSoon();
}

let adding = null;
function addCards() {
  adding ??= fetch(location.href).then((response) => response.text()).then((text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const element of page.querySelectorAll("[data-folder]")) {
      if (!CARDS.has(element.dataset.folder)) add(document.adoptNode(element));
    }
    arrangeSoon();
  }).catch(() => {}).finally(() => { adding = null; });
}

function add(element) {
  LIST.append(element);
  CARDS.set(element.dataset.folder, new Card(element));
}

function remove({ folder }) {
  CARDS.get(folder)?.element.remove();
  CARDS.delete(folder);
  arrangeSoon();
}

// What is chosen is in the address, so that it can be shared and survives a reload.
function remember() {
  const chosen = new URLSearchParams(new FormData(FORM));
  for (const [name, value] of [...chosen]) {
    if (value === "" || (name === "sort" && value === "urgency")) chosen.delete(name);
  }
  history.replaceState(null, "", chosen.size === 0 ? "/" : `/?${chosen}`);
}

for (const element of LIST.querySelectorAll("[data-folder]")) CARDS.set(element.dataset.folder, new Card(element));
FORM.addEventListener("input", () => { remember(); count(); sort(); });
FORM.addEventListener("submit", (event) => { if (HAS_ALL) event.preventDefault(); });
TALLY.addEventListener("click", (event) => {
  const entry = event.target.closest("[data-state]");
  if (entry === null || !HAS_ALL) return;
  event.preventDefault();
  const { state } = FORM.elements;
  state.value = state.value === entry.dataset.state ? "" : entry.dataset.state;
  FORM.dispatchEvent(new Event("input"));
});
document.querySelector("[data-all]").addEventListener("click", (event) => {
  event.preventDefault();
  FORM.elements.q.value = "";
  FORM.elements.state.value = "";
  FORM.dispatchEvent(new Event("input"));
  FORM.elements.q.focus();
});
count();
sort();
setInterval(() => CARDS.forEach((card) => card.showAges()), AGES_EVERY_MS);

followEvents(`/api/v1/events/folders?after=${LIST.dataset.position}`, {
  "folder": (event) => show(JSON.parse(event.data)),
  "folder-removed": (event) => remove(JSON.parse(event.data)),
});
