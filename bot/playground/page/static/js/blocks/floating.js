/* A list or menu that floats over everything else, next to what opened it, and goes away by itself. */

const GAP = 4;
const EDGE = 8;

/** Ties a popover to its anchor: open(), close(), isOpen(), place(). */
export function floating(anchor, popup, { onclose = () => {}, align = "start", fill = false } = {}) {
  const outside = (event) => {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const moved = (event) => {
    if (!popup.contains(event.target)) place();
  };
  const place = () => position(anchor, popup, align, fill);
  const isOpen = () => popup.matches(":popover-open");
  const open = () => {
    if (isOpen()) return place();
    popup.showPopover();
    place();
    document.addEventListener("pointerdown", outside, true);
    window.addEventListener("scroll", moved, true);
    window.addEventListener("resize", place);
    return undefined;
  };
  const close = () => {
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("scroll", moved, true);
    window.removeEventListener("resize", place);
    if (popup.isConnected && isOpen()) popup.hidePopover();
    onclose();
  };
  return { open, close, isOpen, place };
}

/** Below the anchor where there is room, else above; never over the edge of the window. */
function position(anchor, popup, align, fill) {
  const box = anchor.getBoundingClientRect();
  if (fill) popup.style.width = `${box.width}px`;
  const { offsetWidth: width, offsetHeight: height } = popup;
  const left = align === "end" ? box.right - width : box.left;
  const below = box.bottom + GAP + height <= window.innerHeight - EDGE || box.top < window.innerHeight - box.bottom;
  popup.style.left = `${Math.max(EDGE, Math.min(left, window.innerWidth - width - EDGE))}px`;
  popup.style.top = below ? `${box.bottom + GAP}px` : `${Math.max(EDGE, box.top - GAP - height)}px`;
}
