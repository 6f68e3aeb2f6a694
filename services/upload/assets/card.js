// What a page shows of a folder, kept as the service says it is.
import { ageSeconds, durationInWords, localTime } from "./time.js";
import { drawSparkline } from "./sparkline.js";

const WORDS = {
  "ok": ["OK", "The view looks like its reference."],
  "alert": ["Alert", "The view does not look like its reference."],
  "mismatch": ["Mismatch", "The view does not look like its reference, but no alert is firing: its rule says so."],
  "indeterminate": ["Indeterminate", "The reference is blank: there is nothing to compare with."],
  "no-reference": ["No reference", "Upload a picture of how the view should look."],
  "no-frames": ["No frames", "No camera has sent a frame in the last 5 minutes."],
  "waiting": ["Waiting", "The latest frame has not been compared with the reference yet."],
};

// After this a picture is marked as old.
const OLD_SECONDS = 60;

// Pictures are loaded for what can be seen.
const NEAR = new IntersectionObserver((entries) => {
  for (const entry of entries) CARDS.get(entry.target)?.comesNear(entry.isIntersecting);
}, { rootMargin: "200px" });
const CARDS = new Map();

export class Card {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.folder;
    this.state = element.dataset.state;
    this.similarity = element.dataset.similarity === "" ? null : Number(element.dataset.similarity);
    this.frameAt = element.dataset.frameAt || null;
    this.alertAt = element.dataset.alertAt || null;
    this.isAcknowledged = this.part("acknowledged")?.hidden === false;
    this.isNear = false;
    this.wanted = new Map();
    const points = element.dataset.recent.split(",");
    this.drawRecent(points.map((point) => (point === "" ? null : Number(point))), Number(element.dataset.threshold));
    this.showAges();
    CARDS.set(element, this);
    NEAR.observe(element);
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  /** Shows a summary, as GET /api/v1/folders/{folder} gives it. */
  show(folder) {
    const [words, explanation] = WORDS[folder.state] ?? [folder.state, ""];
    this.state = folder.state;
    this.similarity = folder.similarity;
    this.frameAt = folder.frame?.storedAt ?? null;
    this.alertAt = folder.alert?.firedAt ?? null;
    this.element.dataset.state = folder.state;
    this.part("state").className = `state ${folder.state}`;
    this.text("words", words);
    this.text("explanation", folder.alert?.message ?? explanation);
    this.text("similarity", folder.similarity === null ? "–" : folder.similarity.toFixed(3));
    this.text("threshold", String(folder.rule.threshold));
    this.text("camera", folder.frame?.camera || "–");
    this.time("reference-moment", folder.reference?.uploadedAt, "");
    this.time("alert-moment", folder.alert?.firedAt, "–");
    this.showAcknowledgement(folder.acknowledgement);
    this.drawRecent(folder.recent.similarity, folder.rule.threshold);
    const base = `/api/v1/folders/${folder.folder}`;
    this.want("frame", folder.frameIsCurrent ? `${base}/frame?at=${folder.frame.storedAt}` : null);
    this.want("reference", folder.reference ? `${base}/images/${folder.reference.id}/content` : null);
    this.showAges();
  }

  /** What changes because time passes. */
  showAges() {
    const age = this.frameAt === null ? null : ageSeconds(this.frameAt);
    const silent = this.state === "no-frames" && age !== null;
    if (this.state === "no-frames") this.text("words", silent ? `Silent for ${durationInWords(age)}` : "No frames");
    this.text("frame-age", age === null ? "" : `${durationInWords(age)} ago`);
    this.element.toggleAttribute("data-old", age !== null && age > OLD_SECONDS);
    this.text("alert-age", this.alertAt === null ? "" : `for ${durationInWords(ageSeconds(this.alertAt))}`);
  }

  showAcknowledgement(acknowledgement) {
    this.isAcknowledged = acknowledgement !== null;
    this.part("acknowledged").hidden = !this.isAcknowledged;
    this.text("acknowledged-by", acknowledgement?.name ?? "");
  }

  drawRecent(points, threshold) {
    const svg = this.part("recent");
    if (svg !== null) drawSparkline(svg, points, threshold);
  }

  text(name, value) {
    const part = this.part(name);
    if (part !== null && part.textContent !== value) part.textContent = value;
  }

  time(name, iso, otherwise) {
    this.part(name)?.replaceChildren(iso === undefined ? otherwise : localTime(iso));
  }

  want(name, source) {
    this.wanted.set(name, source);
    if (this.isNear || source === null) this.load(name);
  }

  comesNear(isNear) {
    this.isNear = isNear;
    if (isNear) this.wanted.forEach((_, name) => this.load(name));
  }

  // One picture at a time: a slow connection must not pile them up.
  load(name) {
    const image = this.part(name);
    if (image === null || (!image.complete && !image.hidden)) return;
    const source = this.wanted.get(name);
    image.hidden = source === null;
    this.part(`no-${name}`).hidden = source !== null;
    if (source === null) return;
    const address = `${source}${source.includes("?") ? "&" : "?"}width=${image.dataset.width}`;
    if (image.getAttribute("src") === address) return;
    image.addEventListener("load", () => { if (this.isNear) this.load(name); }, { once: true });
    image.src = address;
  }
}
