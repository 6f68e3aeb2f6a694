// Where the latest frame differs from its closest picture, laid over it while people ask for it.

const MARKED = "Red where the frame differs from the picture that it is closest to; the redder, the more.";
const UNMARKED = "Of the latest frame it is not known where it differs.";

export class HeatMap {
  /** The element in which the frame of a folder is compared. */
  constructor(element, folder) {
    this.element = element;
    this.address = `/api/v1/folders/${folder}/heat-map`;
    this.image = element.querySelector("[data-heat-map]");
    this.words = element.querySelector("[data-heat-map-words]");
    this.image.addEventListener("load", () => this.tell(true));
    this.image.addEventListener("error", () => this.tell(false));
    element.addEventListener("input", () => this.renew());
  }

  /** Marks the frame that is shown now, if people ask for that. */
  renew() {
    if (this.element.dataset.mode !== "heat-map") return;
    const of = this.element.querySelector("[data-of-frame]").dataset.ofFrame;
    if (of === "") return this.tell(false);
    const address = `${this.address}?at=${of}`;
    if (this.image.getAttribute("src") !== address) this.image.src = address;
  }

  tell(isMarked) {
    this.image.hidden = !isMarked;
    const words = isMarked ? MARKED : UNMARKED;
    if (this.words.textContent !== words) this.words.textContent = words;
  }
}
