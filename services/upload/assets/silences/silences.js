// The forms that silence alerts: times are the viewer's, and the name is remembered.
import { takeLocalTimes } from "../front_door/local-fields.js";
import { fillInNames, rememberName } from "../front_door/remembered.js";

fillInNames(document);
for (const form of document.querySelectorAll("[data-silence]")) {
  takeLocalTimes(form);
  const zone = form.querySelector("[data-zone-name]");
  if (zone !== null) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? zone.value;
  form.addEventListener("submit", () => {
    const name = form.querySelector("[data-remembered]");
    if (name !== null) rememberName(name.value.trim());
  });
}
