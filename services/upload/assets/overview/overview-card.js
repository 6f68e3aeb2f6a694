// A card of the overview. The service draws it; between two drawings a glance keeps it current.
import { Card } from "../folders/card.js";

export class OverviewCard extends Card {
  /** `comesOrGoes` is called when it comes into sight, or near, or is no longer. */
  constructor(element, comesOrGoes) {
    super(element);
    this.looks = element.dataset.looks;
    this.comesOrGoes = comesOrGoes;
  }

  /** Shows what a glance tells; says whether the card is to be drawn anew. */
  glance({ looks, similarity, frameAt, recent: [newest, before, last] }) {
    this.text("similarity", similarity);
    this.showFrameOf(frameAt);
    this.moveOnTo(newest, before, last);
    this.showAges();
    return looks !== this.looks;
  }

  /** Until when it is taken that the view looks as it did, while its alert is firing. */
  seen({ seenAt, knownUntil }) {
    this.seenAt = iso(seenAt);
    this.knownUntil = iso(knownUntil);
    this.showAges();
  }

  /** Takes over a drawing of it. The element stays the same: no picture flickers, and what has the focus keeps it. */
  renew(drawn) {
    for (const name of drawn.getAttributeNames()) this.element.setAttribute(name, drawn.getAttribute(name));
    for (const fresh of drawn.querySelectorAll("[data-part]")) this.renewPart(this.part(fresh.dataset.part), fresh);
    const before = this.frameAt;
    this.read();
    this.want("reference", addressOf(drawn, "reference"));
    if (addressOf(drawn, "frame") === null) this.want("frame", null);
    else if (isOtherTime(before, this.frameAt) || this.part("frame").hidden) this.want("frame", addressOf(drawn, "frame"));
  }

  renewPart(part, fresh) {
    const name = fresh.dataset.part;
    const isOfPicture = fresh instanceof HTMLImageElement || name === "no-frame" || name === "no-reference";
    if (isOfPicture || fresh instanceof SVGElement) return;
    part.className = fresh.className;
    part.hidden = fresh.hidden;
    if (fresh.childElementCount === 0) this.text(name, fresh.textContent);
  }

  showFrameOf(at) {
    if (at === null || !isOtherTime(this.frameAt, iso(at))) return;
    this.frameAt = iso(at);
    const shown = this.wanted.has("frame") ? this.wanted.get("frame") : addressOf(this.element, "frame");
    if (shown !== null) this.want("frame", `/api/v1/folders/${this.name}/frame?at=${this.frameAt}`);
  }

  moveOnTo(newest, before, last) {
    if (newest < this.newest) return;
    const passed = Math.min(this.recent.length, newest - this.newest);
    this.recent.splice(0, passed);
    this.recent.push(...Array(passed).fill(null));
    this.recent.splice(-2, 2, before, last);
    this.newest = newest;
    this.drawRecent(this.recent, this.threshold);
  }

  comesNear(isNear) {
    super.comesNear(isNear);
    this.comesOrGoes();
  }
}

function iso(ms) {
  return new Date(ms).toISOString();
}

// A page says times more exactly than glances do.
function isOtherTime(one, other) {
  return one === null || other === null || Date.parse(one) !== Date.parse(other);
}

// Of a picture, without its width; `null` where there is none.
function addressOf(element, name) {
  const source = element.querySelector(`[data-part="${name}"]`).getAttribute("src");
  return source?.replace(/[?&]width=\d+$/, "") ?? null;
}
