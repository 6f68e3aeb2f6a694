// A picture with parts drawn on it: shown, and moved by mouse, touch and keys. What the parts are for is left to the page.

const SVG = "http://www.w3.org/2000/svg";
const STEP = 0.01;
const LARGE_STEP = 0.05;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value) => Math.min(1, Math.max(0, Math.round(value * 1e4) / 1e4));
const percent = (share) => `${Math.round(share * 100)} %`;
const inWords = ({ x, y }) => `${percent(x)} from the left, ${percent(y)} from the top`;

/** Moves all corners by as much as the picture has room for. */
function move(polygon, across, down) {
  const room = (by, values) => Math.min(Math.max(by, -Math.min(...values)), 1 - Math.max(...values));
  const [x, y] = [room(across, polygon.map((it) => it.x)), room(down, polygon.map((it) => it.y))];
  for (const corner of polygon) Object.assign(corner, { x: within(corner.x + x), y: within(corner.y + y) });
}

function middle(polygon) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { x: mean(polygon.map((it) => it.x)), y: mean(polygon.map((it) => it.y)) };
}

export class AreaStage {
  /**
   * Draws into an element with an <svg> and a place for handles. `heard.choose(part)` is called when somebody takes a part,
   * `heard.change()` after each move, `heard.corners(part)` when there are more or fewer of them.
   */
  constructor(element, heard) {
    this.element = element;
    this.svg = element.querySelector("svg");
    this.handles = element.querySelector("[data-handles]");
    this.words = element.querySelector("[data-moved]");
    this.heard = heard;
  }

  /** Shows these parts; the chosen one has handles if it may be changed. */
  show(parts, chosen, mayChange) {
    this.parts = parts;
    if (chosen !== this.chosen) this.last = 0;
    this.chosen = chosen;
    this.shapes = parts.map((part) => this.shape(part));
    this.svg.replaceChildren(...this.shapes);
    const names = parts.filter((part) => part.kind === "region").map((part) => this.label(part));
    const handles = chosen === null || !mayChange ? [] : [...chosen.polygon.map((_, at) => this.corner(at)), this.grip()];
    this.handles.replaceChildren(...names, ...handles);
    this.place();
  }

  /** Puts everything where the corners are. */
  place() {
    this.parts.forEach(({ polygon }, at) => {
      this.shapes[at].setAttribute("points", polygon.map(({ x, y }) => `${x},${y}`).join(" "));
    });
    for (const element of this.handles.children) {
      const { x, y } = element.at();
      Object.assign(element.style, { left: `${x * 100}%`, top: `${y * 100}%` });
      element.tell?.();
    }
  }

  /** Gives the focus to a corner of the chosen part. */
  focus(at) {
    this.handles.querySelectorAll("[data-corner]")[at]?.focus();
  }

  shape(part) {
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("class", `${part.kind}${part === this.chosen ? " chosen" : ""}`);
    shape.addEventListener("pointerdown", () => this.heard.choose(part));
    return shape;
  }

  label(part) {
    const label = document.createElement("span");
    label.className = "area-name";
    label.ariaHidden = "true";
    label.tell = () => { label.textContent = part.name; };
    label.at = () => part.polygon.reduce((one, other) => (other.y < one.y ? other : one));
    return label;
  }

  corner(at) {
    const { polygon } = this.chosen;
    const handle = this.handle(() => polygon[at], (x, y) => Object.assign(polygon[at], { x: within(x), y: within(y) }));
    handle.dataset.corner = at;
    handle.addEventListener("focus", () => { this.last = at; });
    handle.tell = () => { handle.ariaLabel = `Corner ${at + 1} of ${polygon.length}, ${inWords(polygon[at])}`; };
    handle.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") this.remove(at);
      else if (event.key === "Enter" || event.key === " ") this.add(at);
      else return;
      event.preventDefault();
    });
    return handle;
  }

  grip() {
    const { polygon } = this.chosen;
    const handle = this.handle(() => middle(polygon), (x, y) => {
      const from = middle(polygon);
      move(polygon, x - from.x, y - from.y);
    });
    handle.classList.add("grip");
    handle.tell = () => { handle.ariaLabel = `The whole, its middle ${inWords(middle(polygon))}`; };
    return handle;
  }

  /** A button that is dragged, or moved by the arrow keys. */
  handle(at, put) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "handle", at });
    const moved = (x, y) => {
      put(x, y);
      this.place();
      this.heard.change();
    };
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      button.focus();
      event.preventDefault();
    });
    button.addEventListener("pointermove", (event) => {
      if (!button.hasPointerCapture(event.pointerId)) return;
      const box = this.element.getBoundingClientRect();
      moved((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    button.addEventListener("keydown", (event) => {
      const way = WAYS[event.key];
      if (way === undefined) return;
      event.preventDefault();
      const step = event.shiftKey ? LARGE_STEP : STEP;
      const { x, y } = at();
      moved(x + way[0] * step, y + way[1] * step);
      this.words.textContent = inWords(at());
    });
    return button;
  }

  /** Takes a corner away, of which three must stay: the one that had the focus last, or another. */
  remove(at = this.last) {
    const { polygon } = this.chosen;
    if (polygon.length <= 3) {
      this.words.textContent = "Three corners must stay.";
      return;
    }
    polygon.splice(at, 1);
    this.heard.corners(this.chosen);
    this.focus(Math.min(at, polygon.length - 1));
  }

  /** Adds a corner halfway to the next; after the one that had the focus last, or another. */
  add(at = this.last) {
    const { polygon } = this.chosen;
    if (polygon.length >= 32) {
      this.words.textContent = "More than 32 corners are not possible.";
      return;
    }
    const next = polygon[(at + 1) % polygon.length];
    const between = { x: within((polygon[at].x + next.x) / 2), y: within((polygon[at].y + next.y) / 2) };
    polygon.splice(at + 1, 0, between);
    this.heard.corners(this.chosen);
    this.focus(at + 1);
  }
}
