// What a page shows of a folder, kept as the service says it is.
import { ageSeconds, durationInWords, localTime } from "../front_door/time.js";
import { drawSparkline } from "../overview/sparkline.js";

// After this a picture is marked as old.
const OLD_SECONDS = 60;

// Pictures are loaded for what can be seen.
const NEAR = new IntersectionObserver((entries) => {
  for (const entry of entries) CARDS.get(entry.target)?.comesNear(entry.isIntersecting);
}, { rootMargin: "200px" });
const CARDS = new Map();

/** Whether a summary's latest frame is there to be looked at. */
export function hasPicture(folder) {
  return (folder.frameIsCurrent || folder.state === "silent") && folder.state !== "unreadable";
}

export class Card {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.folder;
    this.isNear = false;
    this.wanted = new Map();
    this.read();
    CARDS.set(element, this);
    NEAR.observe(element);
  }

  /** Takes over what the element says. */
  read() {
    const { state, similarity, threshold, recent, newest, frameAt, alertAt, seenAt, knownUntil } = this.element.dataset;
    this.state = state;
    this.similarity = similarity === "" ? null : Number(similarity);
    this.threshold = Number(threshold);
    this.recent = recent.split(",").map((point) => (point === "" ? null : Number(point)));
    this.newest = Number(newest);
    this.frameAt = frameAt || null;
    this.alertAt = alertAt || null;
    this.seenAt = seenAt || null;
    this.knownUntil = knownUntil || null;
    this.drawRecent(this.recent, this.threshold);
    this.showAges();
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  /** Shows a summary, as GET /api/v1/folders/{folder} gives it. */
  show(folder) {
    this.showDetails(folder);
    this.state = folder.state;
    this.similarity = folder.similarity;
    this.frameAt = folder.frame?.storedAt ?? null;
    this.alertAt = folder.alert?.firedAt ?? null;
    this.seenAt = folder.seenAt;
    this.knownUntil = folder.knownUntil;
    this.element.dataset.state = folder.state;
    this.part("state").className = `state ${folder.state}`;
    this.text("words", folder.stateWords);
    this.text("explanation", folder.explanation);
    const cameraAlert = folder.cameraAlert?.message ?? "";
    this.text("camera-alert", cameraAlert);
    this.part("camera-alert").hidden = cameraAlert === "" || cameraAlert === folder.explanation;
    this.text("similarity", folder.similarity === null ? "–" : folder.similarity.toFixed(3));
    this.text("threshold", String(folder.rule.threshold));
    this.text("camera", folder.frame?.camera || "–");
    this.time("reference-moment", folder.reference?.uploadedAt, "");
    this.time("alert-moment", folder.alert?.firedAt, "–");
    this.showAcknowledgement(folder.alert === null ? folder.cameraAcknowledgement : folder.acknowledgement);
    this.drawRecent(folder.recent.similarity, folder.rule.threshold);
    const base = `/api/v1/folders/${folder.folder}`;
    this.want("frame", hasPicture(folder) ? `${base}/frame?at=${folder.frame.storedAt}` : null);
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
    const isUnknown = this.alertAt !== null && this.knownUntil !== null && ageSeconds(this.knownUntil) > 0;
    this.part("unknown").hidden = !isUnknown;
    if (isUnknown) this.time("unknown-since", this.seenAt, "");
    this.text("alert-age", this.alertAt === null ? "" : `for ${durationInWords(ageSeconds(this.alertAt))}`);
  }

  showDetails({ folder, title, site, area, tags }) {
    this.text("called", title || folder);
    this.part("name").hidden = title === "";
    const place = [site, area, tags.join(", ")].filter((part) => part !== "").join(" · ");
    this.text("place", place);
    this.part("place")?.toggleAttribute("hidden", place === "");
  }

  showAcknowledgement(acknowledgement) {
    this.part("acknowledged").hidden = acknowledgement === null;
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

  /** When it is no longer on the page. */
  leave() {
    NEAR.unobserve(this.element);
    CARDS.delete(this.element);
    this.element.remove();
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
