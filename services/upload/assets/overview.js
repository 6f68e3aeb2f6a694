// The overview: all folders, live; found, filtered and sorted.
import { followEvents } from "./events.js";
import { Card } from "./card.js";

const SORT_AT_MOST_EVERY_MS = 1000;
const AGES_EVERY_MS = 1000;

const LIST = document.querySelector("[data-position]");
const FORM = document.querySelector("[data-filter]");
const COUNT = document.querySelector("[data-count]");
const TALLY = document.querySelector("[data-tally]");
const BY_NAME = new Intl.Collator("en", { numeric: true });
const CARDS = new Map();
const TITLE = document.title;

const byName = (a, b) => BY_NAME.compare(a.name, b.name);
// What comes first, as the server sorts it: an alert that nobody has in hand before the others.
function urgency(card) {
  switch (card.state) {
    case "alert": return card.isAcknowledged ? 1 : 0;
    case "mismatch": return 2;
    default: return 3;
  }
}
const ORDERS = {
  "urgency": (a, b) => urgency(a) - urgency(b) || byName(a, b),
  "name": byName,
  "similarity": (a, b) => (a.similarity ?? 2) - (b.similarity ?? 2) || byName(a, b),
  "age": (a, b) => (a.frameAt ?? "").localeCompare(b.frameAt ?? "") || byName(a, b),
};

function isWanted(card) {
  const { q, state } = FORM.elements;
  return card.findable.includes(q.value.trim().toLowerCase()) && (state.value === "" || state.value === card.state);
}

// Not while somebody has the focus among the cards: they would lose their place.
function sort() {
  if (LIST.contains(document.activeElement)) return;
  const order = ORDERS[FORM.elements.sort.value] ?? ORDERS.urgency;
  const sorted = [...CARDS.values()].sort(order).map((card) => card.element);
  if (sorted.some((element, index) => element !== LIST.children[index])) LIST.append(...sorted);
}

function count() {
  const counts = new Map();
  let shown = 0;
  for (const card of CARDS.values()) {
    counts.set(card.state, (counts.get(card.state) ?? 0) + 1);
    card.element.hidden = !isWanted(card);
    if (!card.element.hidden) shown += 1;
  }
  COUNT.textContent = shown === CARDS.size ? `${shown} folders` : `${shown} of ${CARDS.size} folders`;
  for (const entry of TALLY.children) {
    const number = counts.get(entry.dataset.state) ?? 0;
    entry.querySelector("[data-number]").textContent = number;
    entry.hidden = number === 0;
  }
  const alerts = counts.get("alert") ?? 0;
  document.title = alerts === 0 ? TITLE : `(${alerts}) ${TITLE}`;
}

let timer = null;
function arrangeSoon() {
  timer ??= setTimeout(() => {
    timer = null;
    count();
    sort();
  }, SORT_AT_MOST_EVERY_MS);
}

function show(summary) {
  const card = CARDS.get(summary.folder);
  // The service draws a new folder's card.
  if (card === undefined) return addCards();
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
FORM.addEventListener("submit", (event) => event.preventDefault());
TALLY.addEventListener("click", (event) => {
  const entry = event.target.closest("[data-state]");
  if (entry === null) return;
  event.preventDefault();
  const { state } = FORM.elements;
  state.value = state.value === entry.dataset.state ? "" : entry.dataset.state;
  FORM.dispatchEvent(new Event("input"));
});
count();
sort();
setInterval(() => CARDS.forEach((card) => card.showAges()), AGES_EVERY_MS);

followEvents(`/api/v1/events/folders?after=${LIST.dataset.position}`, {
  "folder": (event) => show(JSON.parse(event.data)),
  "folder-removed": (event) => remove(JSON.parse(event.data)),
});
