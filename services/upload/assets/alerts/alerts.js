// The pages of alerts: acknowledging without leaving the page, and who acknowledges is remembered.
import { problemInWords } from "../live/events.js";
import { keepCurrent } from "../live/live.js";
import { takeLocalTimes } from "../front_door/local-fields.js";
import { fillInNames, rememberName } from "../front_door/remembered.js";

// Without one of its two pictures a difference would show the other as it is; and what was not kept is no picture to open.
function doWithout(image) {
  const both = image.closest?.(".difference, .heat-map");
  if (both) both.closest("figure").hidden = true;
  const link = image.closest?.(".evidence a.picture");
  if (!link) return;
  const words = document.createElement("div");
  words.className = "picture";
  words.textContent = "Not kept";
  link.replaceWith(words);
}

function hasFailed(image) {
  return image.complete && image.naturalWidth === 0 && image.currentSrc !== "";
}

// The page stays where it is, and so does the focus.
async function acknowledge(form, button) {
  const name = form.querySelector("[data-remembered]");
  if (name !== null) rememberName(name.value.trim());
  button.disabled = true;
  const body = new URLSearchParams(new FormData(form));
  // It is answered with the address of this page, which need not be asked for: events bring what is new.
  const response = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  button.disabled = false;
  if (response?.type !== "opaqueredirect") return refuse(form, response === null ? "The service does not answer." : await problemInWords(response));
  form.querySelector("[role=alert]")?.remove();
  form.reset();
  fillInNames(document);
  const details = form.closest("details");
  details.open = false;
  details.querySelector("summary").focus({ preventScroll: true });
}

function refuse(form, words) {
  const said = form.querySelector("[role=alert]") ?? form.appendChild(document.createElement("p"));
  said.setAttribute("role", "alert");
  said.textContent = words;
}

document.addEventListener("error", (event) => doWithout(event.target), true);
Array.from(document.querySelectorAll(".evidence img")).filter(hasFailed).forEach(doWithout);
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".acknowledge form")) return;
  event.preventDefault();
  acknowledge(event.target, event.submitter);
});
takeLocalTimes(document.querySelector(".alert-filter"));
// Where a message's link leads.
if (location.hash === "#acknowledge") document.querySelector("#acknowledge details")?.setAttribute("open", "");
keepCurrent();
