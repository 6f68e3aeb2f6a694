// The form of a folder's rule, and which alerts it would have raised.
import { problemInWords } from "../live/events.js";
import { ageSeconds, durationInWords } from "../front_door/time.js";

const ASK_AFTER_MS = 200;

// How the text of a field is read, by what the field says.
const READ = { number: Number, switch: (text) => text === "true", word: (text) => text };

function ruleIn(form) {
  const rule = {};
  for (const { name, value, dataset } of form.querySelectorAll("[data-says]")) {
    if (value !== "") rule[name] = READ[dataset.says](value);
  }
  return rule;
}

function inWords(answer) {
  if (answer.comparisons === 0) return "no frames were compared with this reference by this measure";
  if (answer.episodeCount === 0) return "no alert";
  const alerts = answer.episodeCount === 1 ? "1 alert" : `${answer.episodeCount} alerts`;
  return `${alerts}, firing for ${durationInWords(answer.firingSeconds)} in all`;
}

// What comes before is not known, so nothing is said of it.
const ALMOST_A_DAY_S = 23.5 * 3600;

function spanInWords(answer) {
  const seconds = answer.since ? ageSeconds(answer.since) : ALMOST_A_DAY_S;
  return seconds < ALMOST_A_DAY_S ? `In the last ${durationInWords(seconds)}, of which comparisons tell` : "In the last 24 hours";
}

/** Asks, whenever a form changes, what its rule would have done, and shows that in words and in the history. */
export function rehearseRule(form, folder, history) {
  const words = form.querySelector("[data-what-if]");
  const warning = form.querySelector("[data-what-if-warning]");
  const ask = async (rule) => {
    const response = await fetch(`/api/v1/folders/${folder}/what-if`, { method: "POST", body: JSON.stringify(rule) });
    if (!response.ok) throw new Error(await problemInWords(response));
    return response.json();
  };
  const inForce = ruleIn(form);
  let asked = 0;
  const rehearse = async () => {
    asked += 1;
    const question = asked;
    try {
      const rule = ruleIn(form);
      const isChanged = JSON.stringify(rule) !== JSON.stringify(inForce);
      const [then, now] = await Promise.all([isChanged ? ask(rule) : null, ask(inForce)]);
      // Another answer is on its way.
      if (question !== asked) return;
      words.textContent = `${spanInWords(now)}, the rule in force gives ${inWords(now)}`
        + (then === null ? "." : `; this one would give ${inWords(then)}.`);
      warning.textContent = (then ?? now).warning ?? "";
      history.showWhatIf(then?.episodes ?? []);
    } catch (error) {
      if (question === asked) words.textContent = error.message;
    }
  };
  let timer = null;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(rehearse, ASK_AFTER_MS);
  });
  form.addEventListener("reset", () => setTimeout(rehearse));
  // What the labels of alerts speak for is tried in the form before anybody saves it.
  for (const button of form.querySelectorAll("[data-try]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = form.elements[button.dataset.try];
      field.value = button.value;
      // A threshold is one of a measure.
      if (button.dataset.threshold !== undefined) form.elements.threshold.value = button.dataset.threshold;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
  }
  form.querySelector("[data-what-if-box]").hidden = false;
  rehearse();
}
