// What is to be seen of a page whose tab is one of many: its title and icon say how many alerts nobody has in hand, and
// whether it has lost its connection.

const TITLE = document.title;
const ICON = document.querySelector("link[rel=icon]");
const [QUIET, RED] = [ICON.getAttribute("href"), "/assets/front_door/icon-unattended.svg"];

let unattended = 0;
let isLost = false;

function show() {
  const count = unattended === 0 ? "" : `(${unattended}) `;
  document.title = `${isLost ? "No connection · " : ""}${count}${TITLE}`;
  const icon = unattended === 0 ? QUIET : RED;
  if (ICON.getAttribute("href") !== icon) ICON.setAttribute("href", icon);
}

export function showUnattended(count) {
  unattended = count;
  show();
}

export function showLost(lost) {
  isLost = lost;
  show();
}

/** Asks how many there are, for pages that are not told. */
export async function askUnattended() {
  const response = await fetch("/api/v1/alerts?phase=firing&acknowledged=false&limit=1").catch(() => null);
  if (!response?.ok) return;
  const page = await response.json().catch(() => null);
  if (page !== null) showUnattended(page.total);
}
