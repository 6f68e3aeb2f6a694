// The frame against its reference: side by side, or one upon the other.

/** Makes the ways to compare work within an element. What is returned goes back to one that is there. */
export function compare(element) {
  const stage = element.querySelector("[data-stage]");
  const slider = element.querySelector("[data-slider]");
  const chosen = () => element.querySelector("[name=compare]:checked");
  const show = () => {
    element.dataset.mode = chosen().value;
    stage.style.setProperty("--share", `${slider.value}%`);
  };
  element.addEventListener("input", show);

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
  return () => {
    if (chosen().closest("[hidden]") === null) return;
    element.querySelector("[value=side]").checked = true;
    element.dispatchEvent(new Event("input"));
  };
}
