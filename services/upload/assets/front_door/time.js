// Times and durations in words. The server's clock counts: a viewer's own may be wrong.

const OFFSET_MS = Date.parse(document.body.dataset.now) - Date.now();

export function serverNow() {
  return Date.now() + OFFSET_MS;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Times within an element, in the viewer's zone. */
export function showLocalTimes(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll('time:not([data-age], [datetime=""])')) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === today;
    time.title = time.dateTime;
    say(time, isToday
      ? at.toLocaleTimeString([], { timeStyle: "medium" })
      : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }));
  }
}

/**
 * What changes within an element because time passes: ages, in the words that the service has for them; what is old; and
 * what is to be seen from now on.
 */
export function showAges(root) {
  for (const time of root.querySelectorAll("time[data-age]")) {
    const age = time.dateTime === "" ? null : ageSeconds(time.dateTime);
    if (age !== null) say(time, time.dataset.age.replace("{}", durationInWords(age)));
    const { oldAfter } = time.dataset;
    if (oldAfter !== undefined) time.closest("figure").toggleAttribute("data-old", age !== null && age > Number(oldAfter));
  }
  const now = serverNow();
  for (const element of root.querySelectorAll("[data-due]")) {
    element.toggleAttribute("data-is-due", Date.parse(element.dataset.due) < now);
  }
}

/** Seconds since a point in time; never less than 0. */
export function ageSeconds(iso) {
  return Math.max(0, (serverNow() - Date.parse(iso)) / 1000);
}

/** `12 s`, `4 min`, `3 h`, `2 d`. */
export function durationInWords(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}
