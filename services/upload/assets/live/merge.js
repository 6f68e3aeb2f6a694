// Merging what the service has drawn into the page, by idiomorph. What people do stays: what they type, what has the focus,
// what they have opened; and so does what scripts have drawn.
/* global Idiomorph */
import { fillInNames } from "../front_door/remembered.js";
import { showAges, showLocalTimes } from "../front_door/time.js";
import { want } from "./wanted.js";

const FIELDS = "input, textarea, select";

/** Whether somebody has typed or chosen something in a field. */
function isTouched(field) {
  if (field instanceof HTMLSelectElement) {
    return field.selectedIndex !== Math.max(0, [...field.options].findIndex((it) => it.defaultSelected));
  }
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

/** Whether somebody has the focus there, has opened something, or has written something. */
export function isInUse(element) {
  return element.contains(document.activeElement)
    || element.matches("[open]") || element.querySelector("[open]") !== null
    || [...element.querySelectorAll(FIELDS)].some(isTouched);
}

// An answer of `false` leaves the element as it is.
function mayMerge(shown, fresh) {
  if (shown.isEqualNode(fresh)) return false;
  if (!(shown instanceof Element)) return true;
  if (shown.matches("[data-own], details[open]")) return false;
  if (shown.matches(FIELDS)) return !isTouched(shown);
  if (!shown.matches("img[data-width]")) return true;
  if (shown.alt !== fresh.alt) shown.alt = fresh.alt;
  want(shown, fresh.getAttribute("src"));
  return false;
}

const OPTIONS = {
  callbacks: { beforeNodeMorphed: mayMerge, beforeNodeRemoved: (node) => !(node instanceof Element && node.matches("details[open]")) },
};

/** The element that a piece of HTML is, as the page would show it. */
export function read(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  prepare(page);
  return page.body.firstElementChild;
}

/** What the service has drawn, as it is shown to this viewer. */
export function prepare(root) {
  showLocalTimes(root);
  showAges(root);
  fillInNames(root);
}

/** Has an element say what a fresh one says. It stays the same element, and so do those within it. */
export function merge(shown, fresh) {
  Idiomorph.morph(shown, document.importNode(fresh, true), OPTIONS);
}
