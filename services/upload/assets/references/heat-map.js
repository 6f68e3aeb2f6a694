// Where the latest frame differs from its closest picture, laid over it while people ask for it.

const MARKED = "Red where the frame differs from the picture that it is closest to; the redder, the more.";
const UNMARKED = "Of the latest frame it is not known where it differs.";

export class HeatMap {
  /** The card of a folder, and within it the element in which its frame is compared. */
  constructor(card, element) {
    this.element = element;
    this.address = `/api/v1/folders/${card.name}/heat-map`;
    this.image = element.querySelector("[data-heat-map]");
    this.words = element.querySelector("[data-heat-map-words]");
    this.mode = element.querySelector("[data-heat-map-mode]");
    this.image.addEventListener("load", () => this.tell(true));
    this.image.addEventListener("error", () => this.tell(false));
    element.addEventListener("input", () => this.load());
    this.frameAt = card.frameAt;
    this.isCompared = card.similarity !== null;
  }

  /** Takes a summary, as GET /api/v1/folders/{folder} gives it. */
  show(folder) {
    const isTold = folder.rule.measure === "view";
    this.mode.hidden = !isTold;
    if (!isTold && this.isAsked()) this.element.querySelector("[name=compare]").click();
    this.frameAt = folder.frame?.storedAt;
    this.isCompared = folder.similarity !== null;
    this.load();
  }

  isAsked() {
    return this.element.dataset.mode === "heat-map";
  }

  load() {
    if (!this.isAsked()) return;
    if (this.isCompared) this.image.src = `${this.address}?at=${this.frameAt}`;
    else this.tell(false);
  }

  tell(isMarked) {
    this.image.hidden = !isMarked;
    const words = isMarked ? MARKED : UNMARKED;
    if (this.words.textContent !== words) this.words.textContent = words;
  }
}
