// The frame against its reference: side by side, or one upon the other.

import { hasPicture } from "../folders/card.js";

/** Makes the ways to compare work within an element. */
export function compare(element) {
  const stage = element.querySelector("[data-stage]");
  const slider = element.querySelector("[data-slider]");
  const show = () => {
    const chosen = element.querySelector("[name=compare]:checked");
    element.dataset.mode = chosen.value;
    stage.style.setProperty("--share", `${slider.value}%`);
  };
  element.addEventListener("input", show);
  element.querySelector("[data-modes]").hidden = element.querySelector("[data-part][hidden]:is(img)") !== null;

  // The edge follows the pointer, too.
  const slide = (event) => {
    if (element.dataset.mode !== "slider" || event.buttons !== 1) return;
    const box = stage.getBoundingClientRect();
    slider.value = ((event.clientX - box.left) / box.width) * 100;
    event.preventDefault();
    show();
  };
  stage.addEventListener("pointerdown", slide);
  stage.addEventListener("pointermove", slide);
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  show();
}

/** Offers the ways to compare while there are two pictures. */
export function offerModes(element, folder) {
  const modes = element.querySelector("[data-modes]");
  modes.hidden = !hasPicture(folder) || folder.reference === null;
  if (!modes.hidden || element.dataset.mode === "side") return;
  modes.querySelector("[value=side]").checked = true;
  element.dispatchEvent(new Event("input"));
}
