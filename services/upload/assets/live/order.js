// Putting elements into an order, whatever has the focus: it stays where it is, and so does the focus.

/** Makes elements the children of a list in this order. What has the focus is not moved; the others move around it. */
export function arrange(list, sorted) {
  const focused = sorted.find((element) => element.contains(document.activeElement));
  let next = null;
  for (const element of sorted.toReversed()) {
    if (element === focused) while (element.nextElementSibling !== next) list.insertBefore(element.nextElementSibling, element);
    if (element.nextElementSibling !== next || element.parentElement !== list) list.insertBefore(element, next);
    next = element;
  }
}
