/* Where the tour's card stands: at the bottom left, clear of what people type in, of modals and of the dock. */

const MARGIN = 8;
const LOOK_MS = 300;
const WIDEST = 340;
const BLOCKERS = ".composer, .modal-layer:not([hidden]) .modal, #dock:not([hidden])";

/** Keeps a card in place until stopped. */
export class Place {
  constructor(card) {
    this.card = card;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.resized = () => this.look();
    addEventListener("resize", this.resized);
    this.look();
  }

  stop() {
    clearInterval(this.timer);
    removeEventListener("resize", this.resized);
  }

  /** Find the lowest free place; fold the card, or hide it, where there is none. */
  look() {
    const width = this.width();
    this.card.style.width = `${width}px`;
    for (const folded of [false, true]) {
      this.card.classList.toggle("tour-folded", folded);
      const bottom = lowest(this.card.offsetHeight, width);
      this.card.style.visibility = bottom === null ? "hidden" : "";
      if (bottom === null) continue;
      this.card.style.left = `${MARGIN}px`;
      this.card.style.top = `${bottom - this.card.offsetHeight}px`;
      return;
    }
  }

  /** As wide as the first sidebar, when there is one, so that no message is covered. */
  width() {
    const sidebar = document.querySelector(".pane .sidebar")?.getBoundingClientRect();
    const beside = sidebar && sidebar.width >= 180 && sidebar.left >= 0 && innerWidth > 720;
    return beside ? Math.round(sidebar.right - 2 * MARGIN) : Math.min(WIDEST, innerWidth - 2 * MARGIN);
  }
}

/** The lowest bottom edge at which a card of this size covers nothing; null when there is none. */
function lowest(height, width) {
  const top = (document.getElementById("topbar")?.getBoundingClientRect().bottom ?? 0) + MARGIN;
  const boxes = [...document.querySelectorAll(BLOCKERS)].map((one) => one.getBoundingClientRect()).filter((box) => box.width && box.height);
  const beside = boxes.filter((box) => box.left < MARGIN + width && box.right > MARGIN);
  let bottom = innerHeight - MARGIN;
  for (const box of beside.sort((a, b) => b.bottom - a.bottom)) {
    if (box.top < bottom && box.bottom > bottom - height) bottom = box.top - MARGIN;
  }
  return bottom - height < top ? null : bottom;
}
