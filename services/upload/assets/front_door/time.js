// Times and durations in words. The server's clock counts: a viewer's own may be wrong.

const OFFSET_MS = Date.parse(document.body.dataset.now) - Date.now();

export function serverNow() {
  return Date.now() + OFFSET_MS;
}

/** A point in time in the viewer's zone, as an element. */
export function localTime(iso) {
  const time = document.createElement("time");
  time.dateTime = iso;
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  time.textContent = isToday
    ? at.toLocaleTimeString([], { timeStyle: "medium" })
    : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  time.title = iso;
  return time;
}

export function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time")) time.replaceWith(localTime(time.dateTime));
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
