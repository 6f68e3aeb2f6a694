// What every page needs.
import { askUnattended } from "./attention.js";
import { showLocalTimes } from "./time.js";

const ASK_EVERY_MS = 5000;

showLocalTimes(document);
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question !== undefined && !confirm(question)) event.preventDefault();
});

// Other pages are told, or ask when they hear of something. Who has yet to log in may not ask.
const isTold = document.querySelector("[data-follow], [data-listed]") !== null;
if (!isTold && document.querySelector(".top nav") !== null) {
  askUnattended();
  setInterval(askUnattended, ASK_EVERY_MS);
}
