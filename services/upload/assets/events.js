// The connection to the service.

/** An event source, and a notice on the page while it has no connection. */
export function openEvents(address) {
  const events = new EventSource(address);
  const notice = document.querySelector("[data-lost]");
  events.addEventListener("error", () => { notice.hidden = false; });
  events.addEventListener("open", () => { notice.hidden = true; });
  return events;
}

/** What went wrong, in the words of the service where it has any. */
export async function problemInWords(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? `The service answered ${response.status}.`;
}
