// The page of a folder's masks and regions: what there is, what of it is changed, and what that would have done.
import { AreaStage } from "./area-stage.js";
import { problemInWords } from "../live/events.js";

const ASK_AFTER_MS = 300;
const MOST = 16;
const MOST_IN_DETAIL = 4;
const TITLES = { mask: "Mask", region: "Region" };

const EDITOR = document.querySelector("[data-areas]");
const FOLDER = EDITOR.dataset.areas;
const MAY_CHANGE = EDITOR.dataset.mayChange !== undefined;
const MAY_ASK = EDITOR.dataset.mayAsk !== undefined;
const LIST = EDITOR.querySelector("[data-list]");
const NONE = EDITOR.querySelector("[data-none]");
const SAID = EDITOR.querySelector("[data-said]");
const WHAT_IF = EDITOR.querySelector("[data-what-if]");
const PROPOSE = EDITOR.querySelector("[data-propose]");
const CORNERS = EDITOR.querySelector("[data-corners]");
const BUTTONS = EDITOR.querySelector("[data-buttons]");

const ADDRESS = `/api/v1/folders/${FOLDER}/rule`;
const UNANSWERED = "The service does not answer.";

let parts = [];
let chosen = null;
let saved = "";
let proposed = [];

const STAGE = new AreaStage(EDITOR.querySelector("[data-stage]"), {
  choose: (part) => choose(part),
  change: () => changed(),
  corners: () => {
    show();
    changed();
  },
});

/** The parts as a rule has them. */
function drawn() {
  const of = (kind) => parts.filter((part) => part.kind === kind);
  return {
    masks: of("mask").map(({ polygon }) => ({ polygon })),
    regions: of("region").map(({ name, polygon, threshold, ownDetail }) => ({
      name,
      polygon,
      ...(threshold === "" ? {} : { threshold: Number(threshold) }),
      ...(ownDetail ? { ownDetail } : {}),
    })),
  };
}

function take(rule) {
  const masks = (rule?.masks ?? []).map(({ polygon }) => ({ kind: "mask", polygon }));
  const regions = (rule?.regions ?? []).map(({ name, polygon, threshold, ownDetail }) => ({ kind: "region", name, polygon, threshold: threshold ?? "", ownDetail: ownDetail ?? false }));
  parts = [...masks, ...regions];
  chosen = null;
  saved = JSON.stringify(drawn());
  show();
}

function isChanged() {
  return JSON.stringify(drawn()) !== saved;
}

function title(part) {
  const alike = parts.filter((it) => it.kind === part.kind);
  return `${TITLES[part.kind]} ${alike.indexOf(part) + 1}`;
}

/** Draws everything anew. */
function show() {
  STAGE.show(parts, chosen, MAY_CHANGE);
  LIST.replaceChildren(...parts.map(entry));
  NONE.hidden = parts.length > 0;
  if (CORNERS !== null) CORNERS.hidden = chosen === null;
  showButtons();
}

function showButtons() {
  const count = (kind) => parts.filter((part) => part.kind === kind).length;
  for (const button of BUTTONS.querySelectorAll("[data-add]")) button.disabled = count(button.dataset.add) >= MOST;
  for (const button of BUTTONS.querySelectorAll("[data-save], [data-undo]")) button.disabled = !isChanged();
}

function field(part, name, words, attributes) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { value: part[name], name, autocomplete: "off", disabled: !MAY_CHANGE, ...attributes });
  input.addEventListener("input", () => {
    part[name] = input.value;
    STAGE.place();
    changed();
  });
  label.append(words, " ", input);
  return label;
}

/** Whether a region is looked at enlarged as well. */
function ownDetail(part) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "checkbox", name: "ownDetail", checked: part.ownDetail, disabled: !MAY_CHANGE });
  const others = parts.filter((it) => it !== part && it.ownDetail).length;
  input.disabled ||= !part.ownDetail && others >= MOST_IN_DETAIL;
  input.addEventListener("change", () => {
    part.ownDetail = input.checked;
    show();
    changed();
    LIST.children[parts.indexOf(part)].querySelector("[name=ownDetail]").focus();
  });
  label.append("Own detail", " ", input);
  label.title = "Looked at enlarged as well, so that small things count";
  return label;
}

/** A part in the list. */
function entry(part) {
  const item = document.createElement("li");
  item.classList.toggle("chosen", part === chosen);
  const select = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: title(part) });
  select.ariaPressed = String(part === chosen);
  select.dataset.choose = "";
  select.addEventListener("click", () => {
    choose(part === chosen ? null : part);
    LIST.children[parts.indexOf(part)].querySelector("button").focus();
  });
  item.append(select);
  if (part.kind === "region") {
    item.append(
      field(part, "name", "Name", { required: true, maxLength: 40 }),
      field(part, "threshold", "Own threshold", { type: "number", min: 0, max: 1, step: "any", placeholder: "none", inputMode: "decimal" }),
      ownDetail(part),
    );
  }
  if (MAY_CHANGE) {
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: "Remove", ariaLabel: `Remove ${title(part).toLowerCase()}` });
    remove.addEventListener("click", () => {
      parts = parts.filter((it) => it !== part);
      if (chosen === part) chosen = null;
      show();
      changed();
      BUTTONS.querySelector(`[data-add=${part.kind}]`).focus();
    });
    item.append(remove);
  }
  return item;
}

function choose(part) {
  if (part === chosen) return;
  chosen = part;
  show();
}

function box(left, top, right, bottom) {
  return [[left, top], [right, top], [right, bottom], [left, bottom]].map(([x, y]) => ({ x, y }));
}

function freeName() {
  let number = 1;
  while (parts.some((part) => part.name === `region ${number}`)) number += 1;
  return `region ${number}`;
}

function add(kind) {
  const polygon = box(0.35, 0.35, 0.65, 0.65);
  const part = kind === "mask" ? { kind, polygon } : { kind, polygon, name: freeName(), threshold: "", ownDetail: false };
  parts.push(part);
  chosen = part;
  show();
  changed();
  STAGE.focus(0);
}

let asked = 0;
let timer = null;

function changed() {
  SAID.textContent = "";
  showButtons();
  clearTimeout(timer);
  if (MAY_ASK) timer = setTimeout(ask, ASK_AFTER_MS);
}

async function ownRule() {
  const response = await fetch(ADDRESS).catch(() => null);
  if (!response?.ok) throw new Error(response === null ? UNANSWERED : await problemInWords(response));
  return (await response.json()).rule ?? {};
}

/** Says how many of the last day's alerts would be left, and offers to leave out what they have in common. */
async function ask() {
  asked += 1;
  const question = asked;
  try {
    const body = JSON.stringify({ ...(await ownRule()), masks: drawn().masks, regions: [] });
    const response = await fetch(`/api/v1/folders/${FOLDER}/what-if/masks`, { method: "POST", body });
    if (!response.ok) throw new Error(await problemInWords(response));
    const { alerts, left, changedInAll } = await response.json();
    if (question !== asked) return;
    const count = alerts === 1 ? "1 alert" : `${alerts} alerts`;
    const fewer = left === alerts ? "" : ` With these masks, about ${left} would be left.`;
    WHAT_IF.textContent = alerts === 0 ? "No alert of the view in the last 24 hours." : `${count} in the last 24 hours.${fewer}`;
    proposed = changedInAll;
    PROPOSE.hidden = !MAY_CHANGE || proposed.length === 0;
    PROPOSE.textContent = `Ignore what changed in all ${left}`;
  } catch (error) {
    if (question === asked) WHAT_IF.textContent = error.message;
  }
}

function addMasks(masks) {
  const room = MOST - parts.filter((part) => part.kind === "mask").length;
  parts.push(...masks.slice(0, Math.max(0, room)).map(({ polygon }) => ({ kind: "mask", polygon })));
  show();
  changed();
}

/** Draws the masks that the labels of alerts speak for; nothing of it is saved yet. */
async function drawChoice() {
  const response = await fetch(`/api/v1/folders/${FOLDER}/what-if/choices`).catch(() => null);
  if (!response?.ok) throw new Error(response === null ? UNANSWERED : await problemInWords(response));
  const { choices } = await response.json();
  const choice = choices.find(({ masks }) => masks !== undefined);
  if (choice === undefined) return;
  addMasks(choice.masks);
  SAID.textContent = `Not saved yet. ${choice.words}`;
}

async function save() {
  SAID.textContent = "Saving.";
  const now = drawn();
  try {
    const body = JSON.stringify({ ...(await ownRule()), ...now });
    const response = await fetch(ADDRESS, { method: "PUT", body });
    if (!response.ok) throw new Error(await problemInWords(response));
    saved = JSON.stringify(now);
    SAID.textContent = "Saved. Frames are judged by it from now on.";
  } catch (error) {
    SAID.textContent = error.message;
  }
  showButtons();
}

for (const button of BUTTONS.querySelectorAll("[data-add]")) button.addEventListener("click", () => add(button.dataset.add));
// Where there are no keys, these do what Enter and Delete do.
CORNERS?.querySelector("[data-more]").addEventListener("click", () => STAGE.add());
CORNERS?.querySelector("[data-fewer]").addEventListener("click", () => STAGE.remove());
BUTTONS.querySelector("[data-save]")?.addEventListener("click", () => {
  const wrong = LIST.querySelector("input:invalid");
  if (wrong === null) save();
  else wrong.reportValidity();
});
BUTTONS.querySelector("[data-undo]")?.addEventListener("click", () => {
  take(JSON.parse(saved));
  changed();
});
PROPOSE.addEventListener("click", () => {
  PROPOSE.hidden = true;
  addMasks(proposed);
  BUTTONS.querySelector("[data-save]").focus();
});
addEventListener("beforeunload", (event) => {
  if (isChanged()) event.preventDefault();
});

try {
  take(await ownRule());
  EDITOR.hidden = false;
  if (MAY_ASK) ask();
  if (MAY_CHANGE && new URLSearchParams(location.search).get("propose") === "labels") await drawChoice();
} catch (error) {
  document.querySelector("[data-broken-editor]").textContent = error.message;
}
