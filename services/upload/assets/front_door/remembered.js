// The name of whoever acknowledges or silences, where nobody logs in: the browser remembers it.

const NAME = "framewatch.name";

// A browser may be set to keep nothing.
function rememberedName() {
  try { return localStorage.getItem(NAME) ?? ""; } catch { return ""; }
}

export function rememberName(name) {
  try { localStorage.setItem(NAME, name); } catch { /* It is asked for again. */ }
}

// As if the server had written it, so that it does not count as typed.
export function fillInNames(root) {
  for (const input of root.querySelectorAll("[data-remembered]")) {
    if (input.defaultValue === "") input.defaultValue = rememberedName();
  }
}
