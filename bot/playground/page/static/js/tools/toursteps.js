/* The six steps of the tour: what each says, when it is done, and how it is done for the visitor. */

const REQUEST = "/ai-key $25 7d evaluate rerankers";
const UNANSWERED = "/ai-key $5 2d compare two prompts";
const FINDER = "ben";
const OWNER = "omar";
const LOOK_MS = 50;
const PATIENCE_MS = 5000;
const ANYWAY = "Ask anyway";

/** What happened since the tour began, noticed by watching the workspace. */
export class Trail {
  constructor(app) {
    this.app = app;
    this.begin();
    app.on("acted", ({ deed, body }) => deed === "command" && this.typed(String(body.text ?? "")));
    app.on("revealed", (key) => (this.key = key));
    app.on("called", ({ status }) => this.called(status));
    app.on("looked", () => (this.looked = true));
    app.on("moved", () => (this.moved = true));
  }

  /** Forget all but what stands in the channel already. */
  begin() {
    Object.assign(this, { asked: false, key: null, answered: false, disabled: false, refused: false, looked: false, moved: false });
    this.known = null;
  }

  typed(text) {
    if (text.startsWith("/ai-key")) this.asked = true;
    if (text.startsWith("/ai-disable")) this.disabled = true;
  }

  called(status) {
    if (status === 200) this.answered = true;
    if (status === 401) this.refused = true;
  }

  /** The card of the visitor's request: one that is new, or one of Ana's that waited when they asked again. */
  card() {
    const cards = this.cards();
    if (!this.app.store.world) return null;
    this.known ??= new Set(cards.map((card) => card.ts));
    const fresh = cards.filter((card) => !this.known.has(card.ts));
    const waiting = this.asked ? cards.filter((card) => !isDecided(card)) : [];
    return fresh.at(-1) ?? waiting.at(-1) ?? null;
  }

  cards() {
    const rooms = this.app.panes.map((pane) => this.app.store.screen(pane.person)?.channels.find((channel) => channel.name === "search"));
    const messages = rooms.find(Boolean)?.messages ?? [];
    return messages.filter((message) => (message.thread_ts ?? message.ts) === message.ts && /asks for a temporary key/.test(message.text));
  }

  /** Whether Purser asked Ana if she really wants one more. */
  askedBack() {
    const said = this.app.store.screen("ana")?.ephemerals ?? [];
    return this.asked && JSON.stringify(said.at(-1)?.blocks ?? "").includes(ANYWAY);
  }

  approved() {
    const card = this.card();
    return Boolean(card) && textOf(card).includes("Approved by");
  }

  turnedOff() {
    return textOf(this.card()).includes("Turned off by");
  }

  /** Who asked, by the handle people type. */
  asker() {
    const id = this.card()?.text.match(/<@(\w+)>/)?.[1] ?? textOf(this.card()).match(/<@(\w+)>/)?.[1];
    return this.app.store.world?.users?.[id]?.name ?? "ana";
  }

  /** The key of the tour, or the last one revealed on this page. */
  secret() {
    return (this.key ?? this.app.keys.at(-1))?.secret ?? "";
  }
}

function textOf(card) {
  return card ? JSON.stringify(card.blocks ?? card.text) : "";
}

function isDecided(card) {
  return !textOf(card).includes("Waiting for an owner");
}

async function typeOrSend(app, person, text) {
  const isThere = composerOf(app, person)?.box.value === text;
  if (isThere) await composerOf(app, person).send();
  else app.compose(person, "#search", text);
}

function composerOf(app, person) {
  return app.panes.find((pane) => pane.person === person)?.middle?.composer ?? null;
}

function typeLabel(app, person, text) {
  return composerOf(app, person)?.box.value === text ? "Send it" : "Type it for me";
}

function killLine(trail) {
  return `/ai-disable ${trail.secret()} leaked in a log`;
}

async function press(app, person, where, label) {
  app.go(person, where);
  await app.act(person, "press", { label, channel: where.replace("#", "") }).catch(() => null);
}

async function prompt(app) {
  for (const pane of app.panes) await closeModal(app, pane.person);
  app.dock.open("Terminal");
  await app.dock.tabs.find((tab) => tab.name === "Terminal").tool.send();
}

/** Purser takes a moment to turn a key off; a prompt sent before that is still answered. */
async function promptOnceOff(app, trail) {
  const end = Date.now() + PATIENCE_MS;
  while (!trail.turnedOff() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  await prompt(app);
}

async function closeModal(app, person) {
  const view = app.store.screen(person)?.modals.at(-1);
  if (view) await app.act(person, "close", { view_id: view.id, all: true }).catch(() => null);
}

/** Nobody answers what Ana asks for now, so that something falls due on the way to Monday. */
async function lookOrMove(app, trail) {
  if (!trail.looked) return app.dock.open("Ledger");
  const before = trail.cards().length;
  const end = Date.now() + PATIENCE_MS;
  await app.act("ana", "command", { channel: "search", text: UNANSWERED });
  while (trail.cards().length === before && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  app.emit("move", { to: "monday" });
}

function lookLabel(app, trail) {
  if (app.store.world?.clock?.moving_to) return "Time passes …";
  return trail.looked ? "Move to Monday" : "Open the ledger";
}

/** In order. `label` and `run` are the button that does it; both may depend on how far the step has come. */
export const STEPS = [
  {
    title: "Ana asks",
    text: "Ana wants to try something and types one line in her team’s channel. A card for the owners appears.",
    label: ({ app, trail }) => (trail.askedBack() ? ANYWAY : typeLabel(app, "ana", REQUEST)),
    run: ({ app, trail }) => (trail.askedBack() ? press(app, "ana", "#search", ANYWAY) : typeOrSend(app, "ana", REQUEST)),
    done: ({ trail }) => Boolean(trail.card()),
  },
  {
    title: "Omar approves",
    text: "Omar owns the team, so he decides with one press on the card. Nobody can approve their own request.",
    label: () => "Approve as Omar",
    run: ({ app }) => press(app, OWNER, "#search", "Approve"),
    done: ({ trail }) => trail.approved(),
  },
  {
    title: "Ana reveals",
    text: "Purser writes to Ana, and her press makes the key. It is shown this once, to her alone.",
    label: () => "Reveal it for me",
    run: ({ app, trail }) => press(app, trail.asker(), "dm", "Reveal key"),
    done: ({ trail }) => Boolean(trail.key),
  },
  {
    title: "Use the key",
    text: "The terminal has the key already. A prompt goes to the gateway, never through Purser, and is metered.",
    label: () => "Send a prompt for me",
    run: ({ app }) => prompt(app),
    done: ({ trail }) => trail.answered,
  },
  {
    title: "Kill it",
    text: "Ben sees the key in a log and pastes it to turn it off; anybody may. Then a prompt is refused.",
    label: ({ app, trail }) => (trail.disabled ? "Send another prompt" : typeLabel(app, FINDER, killLine(trail))),
    run: ({ app, trail }) => (trail.disabled ? promptOnceOff(app, trail) : typeOrSend(app, FINDER, killLine(trail))),
    done: ({ trail }) => trail.refused,
  },
  {
    title: "Look behind",
    text: "Each step is a row in a ledger that nobody can rewrite. Ana asks once more; by Monday the owners are reminded.",
    label: ({ app, trail }) => lookLabel(app, trail),
    run: ({ app, trail }) => lookOrMove(app, trail),
    done: ({ trail }) => trail.looked && trail.moved,
  },
];
