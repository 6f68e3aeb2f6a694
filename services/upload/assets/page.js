// What every page needs.
import { showLocalTimes } from "./time.js";

showLocalTimes(document);
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question !== undefined && !confirm(question)) event.preventDefault();
});
