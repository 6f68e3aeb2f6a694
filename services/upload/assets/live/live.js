// A page that is kept current: the service draws its parts, events bring those that look otherwise, and they are merged.
import { followEvents } from "./events.js";
import { isInUse, merge, prepare, read } from "./merge.js";
import { arrange } from "./order.js";
import { showAges } from "../front_door/time.js";

const AGES_EVERY_MS = 1000;

const PAGE = document.querySelector("[data-follow]");
// Parts as they were last told, and those that have no place at the moment.
const TOLD = new Map();
// Lists whose order was told: the names of their parts.
const ORDERS = new Map();

function find(kind, name) {
  return PAGE.querySelector(`[data-${kind}="${CSS.escape(name)}"]`);
}

// The parts of a list, whichever list they are in so far.
function settle(name) {
  const list = find("list", name);
  const wanted = ORDERS.get(name).map((part) => find("live", part) ?? TOLD.get(part));
  const known = wanted.filter((entry) => entry !== undefined);
  for (const entry of [...list.children]) {
    if (known.includes(entry) || isInUse(entry)) continue;
    entry.remove();
    // The order of another list may be told next, and have it.
    TOLD.set(entry.dataset.live, entry);
  }
  arrange(list, known, isInUse);
}

function settleAll() {
  for (const name of ORDERS.keys()) settle(name);
}

function forget() {
  for (const name of TOLD.keys()) if (find("live", name) === null) TOLD.delete(name);
}

function show(fresh) {
  const name = fresh.dataset.live;
  const shown = find("live", name);
  TOLD.set(name, document.importNode(fresh, true));
  if (shown !== null) merge(shown, fresh);
}

// What was open was left as it was; and what was in use may have kept its place.
function letGo({ target }) {
  const part = target.closest?.("[data-live]");
  const told = TOLD.get(part?.dataset.live);
  if (told !== undefined && told !== part && !part.matches("[open]")) merge(part, told);
  settleAll();
}

// What is asked for is in the address of the page.
function address() {
  const prints = [...PAGE.querySelectorAll("[data-print]")].map((it) => it.dataset.print);
  const query = location.search === "" ? "?" : `${location.search}&`;
  return `${PAGE.dataset.follow}${query}has=${prints.join(",")}`;
}

/** Keeps the page current; calls `merged` whenever something of it has changed, and `gone` when what it shows is gone. */
export function keepCurrent({ merged = () => {}, gone = () => {} } = {}) {
  prepare(document);
  PAGE.addEventListener("toggle", letGo, true);
  PAGE.addEventListener("focusout", () => setTimeout(settleAll));
  setInterval(() => showAges(document), AGES_EVERY_MS);
  followEvents(address, {
    "part": (event) => {
      show(read(event.data));
      merged();
    },
    "order": (event) => {
      const { list, print, parts } = JSON.parse(event.data);
      if (find("list", list) === null) return;
      ORDERS.set(list, parts);
      find("list", list).dataset.print = print;
      settle(list);
      merged();
    },
    "alive": forget,
    "gone": gone,
  });
}
