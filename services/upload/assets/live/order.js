// Putting elements into an order around those that are to stay where they are: what has the focus keeps it, and no click is lost.

/** Makes elements the children of a list in this order. Those that are held are not moved; the others move around them. */
export function arrange(list, sorted, isHeld) {
  let next = null;
  for (const element of sorted.toReversed()) {
    const isInPlace = element.parentElement === list && element.nextElementSibling === next;
    if (!isInPlace && !(element.isConnected && isHeld(element))) list.insertBefore(element, next);
    if (element.parentElement === list) next = element;
  }
}
