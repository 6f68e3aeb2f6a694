// A card of the overview. The service draws it; between two drawings figures keep it current.
import { merge, prepare } from "../live/merge.js";
import { drawSparkline } from "./sparkline.js";
import { showAges } from "../front_door/time.js";
import { want, wanted } from "../live/wanted.js";

const CARDS = new Map();
const NEAR = new IntersectionObserver((entries) => {
  for (const entry of entries) CARDS.get(entry.target)?.comesNear(entry.isIntersecting);
}, { rootMargin: "200px" });

export class OverviewCard {
  /** `comesOrGoes` is called when it comes into sight, or near, or is no longer. */
  constructor(element, comesOrGoes) {
    this.element = element;
    this.name = element.dataset.folder;
    this.isNear = false;
    this.comesOrGoes = comesOrGoes;
    this.read();
    CARDS.set(element, this);
    NEAR.observe(element);
  }

  /** By what the service knows how it is drawn. */
  get looks() {
    return this.element.dataset.looks;
  }

  /** Shows what a glance tells. */
  glance({ similarity, frameAt, recent: [newest, before, last] }) {
    this.part("similarity").textContent = similarity;
    this.showFrameOf(frameAt);
    this.moveOnTo(newest, before, last);
    showAges(this.element);
  }

  /** Until when it is taken that the view looks as it did, while its alert is firing. */
  seen({ seenAt, knownUntil }) {
    this.part("unknown").dataset.due = iso(knownUntil);
    this.part("unknown-since").dateTime = iso(seenAt);
    prepare(this.element);
  }

  /** Takes over a drawing of it. The element stays the same: no picture flickers, and what has the focus keeps it. */
  renew(drawn) {
    merge(this.element, drawn);
    this.read();
  }

  /** When it is no longer on the page. */
  leave() {
    NEAR.unobserve(this.element);
    CARDS.delete(this.element);
    this.element.remove();
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  // What the curve is made of.
  read() {
    const { threshold, recent, newest } = this.element.dataset;
    this.threshold = Number(threshold);
    this.recent = recent.split(",").map((point) => (point === "" ? null : Number(point)));
    this.newest = Number(newest);
    drawSparkline(this.part("recent"), this.recent, this.threshold);
  }

  showFrameOf(at) {
    const image = this.part("frame");
    if (at === null) return;
    this.part("frame-age").dateTime = iso(at);
    if (wanted(image) === null) return;
    want(image, `/api/v1/folders/${this.name}/frame?at=${at}&width=${image.dataset.width}`);
  }

  moveOnTo(newest, before, last) {
    if (newest < this.newest) return;
    const passed = Math.min(this.recent.length, newest - this.newest);
    this.recent.splice(0, passed);
    this.recent.push(...Array(passed).fill(null));
    this.recent.splice(-2, 2, before, last);
    this.newest = newest;
    drawSparkline(this.part("recent"), this.recent, this.threshold);
  }

  comesNear(isNear) {
    this.isNear = isNear;
    this.comesOrGoes();
  }
}

function iso(ms) {
  return new Date(ms).toISOString();
}
