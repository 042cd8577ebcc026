/* Drawing again without taking the keyboard away: the focus, the caret and the scrolling stay where they were. */

/** Run `redraw`; if the focused element went with it, focus its successor in the container, or `fallback`. */
export function keepFocus(container, redraw, fallback = null) {
  const active = document.activeElement;
  const mark = active !== document.body && container.contains(active) ? markOf(active) : null;
  const top = mark?.scroller?.scrollTop;
  redraw();
  if (!mark || active.isConnected) return;
  const next = successor(container, mark) ?? fallback ?? container;
  next.focus({ preventScroll: true });
  if (mark.caret && "setSelectionRange" in next) setCaret(next, mark.caret);
  const scroller = next.closest("[data-scrolls]");
  if (scroller && top !== undefined) scroller.scrollTop = top;
}

function markOf(element) {
  return {
    key: element.closest("[data-key]")?.dataset.key,
    tag: element.tagName,
    words: wordsOf(element),
    caret: caretOf(element),
    scroller: element.closest("[data-scrolls]"),
    place: sameKind(element).indexOf(element),
  };
}

function wordsOf(element) {
  return element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
}

/** Elements of the same tag and words beside this one, in order: there may be two alike. */
function sameKind(element) {
  const scope = element.closest("[data-key], form, section") ?? document.body;
  return alike(scope, element.tagName, wordsOf(element));
}

function alike(scope, tag, words) {
  return [...scope.querySelectorAll(tag)].filter((one) => wordsOf(one) === words);
}

function successor(container, mark) {
  const scope = mark.key ? container.querySelector(`[data-key="${CSS.escape(mark.key)}"]`) : container;
  if (!scope) return null;
  if (scope !== container && scope.matches("button, a[href], input, select, textarea")) return scope;
  const found = alike(scope, mark.tag, mark.words);
  const next = found[mark.place] ?? found[0];
  if (next) return next;
  if (mark.key && !scope.hasAttribute("tabindex")) scope.tabIndex = -1;
  return mark.key ? scope : null;
}

function caretOf(element) {
  try {
    return element.selectionStart === null || element.selectionStart === undefined ? null : [element.selectionStart, element.selectionEnd];
  } catch {
    return null;
  }
}

function setCaret(element, [start, end]) {
  try {
    element.setSelectionRange(start, end);
  } catch {
    return; // number and e-mail fields have no caret to set
  }
}
