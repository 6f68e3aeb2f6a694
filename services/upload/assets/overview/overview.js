// The overview: those folders that come first by what is asked for, live. The service finds, sorts, counts and draws them;
// here is asked for more as they come near, and anew when their order has changed.
import { followEvents } from "../live/events.js";
import { prepare, read } from "../live/merge.js";
import { OverviewCard } from "./overview-card.js";
import { arrange } from "../live/order.js";
import { showAges } from "../front_door/time.js";
import { msUntilIdle } from "../front_door/work.js";

// What one request asks for; as many are there from the start.
const PART = 60;
// As many as a connection may name.
const MOST_SEEN = 100;
const ASK_AT_MOST_EVERY_MS = 1000;
const TYPING_MS = 150;
const SCROLLING_MS = 250;
const AGES_EVERY_MS = 1000;
// Orders that change with every frame.
const MOVING = ["similarity", "age"];
const SORT_MOVING_EVERY_MS = 5000;

const LIST = document.querySelector("[data-listed]");
const FORM = document.querySelector("[data-filter]");
const COUNT = document.querySelector("[data-count]");
const TALLY = document.querySelector("[data-tally]");
const NONE = document.querySelector("[data-none]");
const EMPTY = document.querySelector("[data-empty]");
const MORE = document.querySelector("[data-more]");
const CARDS = new Map();

// How many are to be shown.
let most = PART;
// The order of which the page knows.
let listed = LIST.dataset.listed;
// Somebody has asked for what is not shown yet: it comes at once, whoever is working.
let isWished = false;

// What is chosen, as in the address.
function chosen() {
  const fields = new URLSearchParams(new FormData(FORM));
  for (const [name, value] of [...fields]) {
    if (value === "" || (name === "sort" && value === "urgency")) fields.delete(name);
  }
  return fields;
}

// It can be shared, and survives a reload.
function remember() {
  const fields = chosen();
  history.replaceState(null, "", fields.size === 0 ? "/" : `/?${fields}`);
}

async function answer(address, signal) {
  const response = await fetch(address, { signal });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

// The elements of these folders, as the service draws them.
async function draw(names, signal) {
  const drawn = [];
  for (let from = 0; from < names.length; from += PART) {
    const part = names.slice(from, from + PART);
    const response = await answer(`/folders/cards?folders=${part.join(",")}`, signal);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    prepare(page);
    drawn.push(...page.querySelectorAll("[data-folder]"));
  }
  return drawn;
}

function showCounts(order) {
  if (COUNT.textContent !== order.count) COUNT.textContent = order.count;
  NONE.hidden = order.matching > 0 || order.total === 0;
  EMPTY.hidden = order.total > 0;
  for (const entry of TALLY.children) {
    const number = order.tally[entry.dataset.state] ?? 0;
    entry.querySelector("[data-number]").textContent = number;
    entry.hidden = number === 0;
  }
}

function add(element) {
  if (!CARDS.has(element.dataset.folder)) CARDS.set(element.dataset.folder, new OverviewCard(element, followSoon));
}

// What has the focus stays.
function show({ folders, matching }) {
  const shown = new Set(folders);
  for (const [name, card] of CARDS) {
    if (shown.has(name)) continue;
    if (card.element.contains(document.activeElement)) folders.push(name);
    else remove(name);
  }
  const cards = folders.map((name) => CARDS.get(name)).filter((card) => card !== undefined);
  arrange(LIST, cards.map((card) => card.element), (element) => element.contains(document.activeElement));
  MORE.hidden = matching <= most;
  // Where the end is still near, it says so again.
  END_IS_NEAR.unobserve(MORE);
  END_IS_NEAR.observe(MORE);
}

function remove(name) {
  CARDS.get(name)?.leave();
  CARDS.delete(name);
  followSoon();
}

// One request at a time. What somebody asks for takes the place of what was asked before.
let asking = null;
let askedAt = -ASK_AT_MOST_EVERY_MS;
let timer = null;
let settling = null;

async function ask() {
  asking?.abort();
  clearTimeout(timer);
  timer = null;
  const own = new AbortController();
  asking = own;
  askedAt = performance.now();
  // Nothing moves under the hands of who is working.
  const moves = isWished || msUntilIdle() === 0;
  try {
    const fields = chosen();
    fields.set("count", moves ? most : 0);
    const order = await (await answer(`/folders/order?${fields}`, own.signal)).json();
    const lacking = moves ? order.folders.filter((name) => !CARDS.has(name)) : [];
    const drawn = await draw(lacking, own.signal);
    if (asking !== own) return;
    showCounts(order);
    if (moves) {
      isWished = false;
      listed = order.listed;
      drawn.forEach((element) => add(document.adoptNode(element)));
      show(order);
    } else {
      clearTimeout(settling);
      settling = setTimeout(askSoon, msUntilIdle());
    }
  } catch {
    // The page says that its connection is lost; once it is there again, events say that the order is another one.
  } finally {
    if (asking === own) asking = null;
  }
}

function askSoon() {
  if (timer !== null) return;
  const left = askedAt + ASK_AT_MOST_EVERY_MS - performance.now();
  timer = setTimeout(() => {
    timer = null;
    if (asking === null) ask();
    else askSoon();
  }, Math.max(0, left));
}

let typing = null;
function wish(afterMs = 0) {
  isWished = true;
  clearTimeout(typing);
  typing = setTimeout(ask, afterMs);
}

function more() {
  if (isWished || MORE.hidden) return;
  most += PART;
  wish();
}

const END_IS_NEAR = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) more();
}, { rootMargin: "100% 0px" });

// Which cards are in sight, or near, the address of the events says; and how they look.
let following = null;
let followed = "";
function near() {
  const cards = [...CARDS.values()].filter((card) => card.isNear);
  return cards.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, MOST_SEEN);
}

function names(cards) {
  return cards.map((card) => card.name).join(",");
}

function address() {
  const cards = near();
  followed = names(cards);
  return followed === "" ? "/folders/glances" : `/folders/glances?folders=${followed}&has=${cards.map((card) => card.looks).join(",")}`;
}

function followSoon() {
  following ??= setTimeout(() => {
    following = null;
    if (names(near()) !== followed) connectAnew();
  }, SCROLLING_MS);
}

prepare(document);
LIST.querySelectorAll("[data-folder]").forEach(add);
const connectAnew = followEvents(address, {
  "card": (event) => {
    const drawn = read(event.data);
    CARDS.get(drawn.dataset.folder)?.renew(drawn);
  },
  "glance": (event) => {
    const glance = JSON.parse(event.data);
    CARDS.get(glance.folder)?.glance(glance);
  },
  "seen": (event) => {
    const seen = JSON.parse(event.data);
    CARDS.get(seen.folder)?.seen(seen);
  },
  "folder-removed": (event) => remove(JSON.parse(event.data).folder),
  "listed": (event) => {
    if (isWished || JSON.parse(event.data).listed !== listed) askSoon();
  },
});

document.querySelector("[data-earlier]")?.remove();
if (new URLSearchParams(location.search).has("from")) {
  remember();
  wish();
}
FORM.addEventListener("input", (event) => {
  most = PART;
  remember();
  wish(event.target.name === "q" ? TYPING_MS : 0);
});
FORM.addEventListener("submit", (event) => event.preventDefault());
TALLY.addEventListener("click", (event) => {
  const entry = event.target.closest("[data-state]");
  if (entry === null) return;
  event.preventDefault();
  const { state } = FORM.elements;
  state.value = state.value === entry.dataset.state ? "" : entry.dataset.state;
  FORM.dispatchEvent(new Event("input"));
});
NONE.querySelector("[data-all]").addEventListener("click", (event) => {
  event.preventDefault();
  FORM.elements.q.value = "";
  FORM.elements.state.value = "";
  FORM.dispatchEvent(new Event("input"));
  FORM.elements.q.focus();
});
MORE.addEventListener("click", (event) => {
  event.preventDefault();
  more();
});
END_IS_NEAR.observe(MORE);
setInterval(() => showAges(document), AGES_EVERY_MS);
setInterval(() => {
  if (MOVING.includes(FORM.elements.sort.value) && !document.hidden) askSoon();
}, SORT_MOVING_EVERY_MS);
