/* Starts the page: puts its parts together and keeps them drawn. */

import { app } from "./app.js";
import { fill, h, icon } from "./dom.js";
import { store } from "./store.js";
import { theme, toggleTheme } from "./theme.js";
import * as breaks from "./tools/breaks.js";
import * as clock from "./tools/clock.js";
import { mountInspector } from "./tools/inspector.js";
import * as terminal from "./tools/terminal.js";
import * as tour from "./tools/tour.js";
import { Dock } from "./ui/dock.js";
import { learnTheWorkspace } from "./workspace/context.js";
import { Pane } from "./workspace/pane.js";

const PANES_KEY = "purser.panes";
const WIDE = 1180;
const RETRY_MS = 800;
const FIRST = { person: "ana", where: "#search" };
const SECOND = { person: "omar", where: "#search" };

function remembered() {
  const wide = innerWidth >= WIDE;
  try {
    const kept = JSON.parse(sessionStorage.getItem(PANES_KEY));
    if (Array.isArray(kept) && kept.length) return kept.slice(0, 2);
  } catch {
    sessionStorage.removeItem(PANES_KEY);
  }
  return wide ? [FIRST, SECOND] : [FIRST];
}

function showPanes(wanted) {
  app.panes = wanted.map(({ person, where }) => new Pane(person, where));
  fill(document.getElementById("panes"), app.panes.map((pane) => pane.root));
  arranged();
}

function arranged() {
  document.getElementById("panes").dataset.count = app.panes.length;
  app.emit("panes");
}

function panesChanged() {
  const kept = app.panes.map((pane) => ({ person: pane.person, where: pane.wanted }));
  sessionStorage.setItem(PANES_KEY, JSON.stringify(kept));
  store.follow(app.panes.map((pane) => pane.person));
  draw();
}

/** The first pane stays as it is, with what was typed in it. */
function toggleTwo() {
  const [first, second] = app.panes;
  const other = first.person === SECOND.person ? FIRST : SECOND;
  app.panes = second ? [first] : [first, new Pane(other.person, other.where)];
  if (second) second.root.remove();
  else document.getElementById("panes").append(app.panes[1].root);
  app.active = first;
  arranged();
}

function topbar(dock) {
  const two = h("button", { type: "button", class: "bar-button", onclick: toggleTwo }, icon("split"), h("span", null, "Two people"));
  const terminalButton = h("button", { type: "button", class: "bar-button", onclick: () => dock().toggle("Terminal") }, icon("terminal"), h("span", null, "Terminal"));
  const behind = h("button", { type: "button", class: "bar-button", onclick: () => lookBehind(dock()) }, icon("eye"), h("span", null, "Look behind"));
  const themeButton = h("button", { type: "button", class: "bar-button", "aria-label": "Theme", title: "Light or dark", onclick: () => flip() });
  const hosts = { clock: h("div", { class: "bar-slot" }), breaks: h("div", { class: "bar-slot" }), tour: h("div", { class: "bar-slot" }), status: h("div", { class: "bar-status", role: "status" }) };
  const flip = () => {
    toggleTheme();
    update();
  };
  const update = () => {
    two.setAttribute("aria-pressed", String(app.panes.length === 2));
    terminalButton.setAttribute("aria-expanded", String(dock()?.shown === "Terminal"));
    behind.setAttribute("aria-expanded", String(Boolean(dock()?.shown) && dock().shown !== "Terminal"));
    fill(themeButton, icon(theme() === "dark" ? "sun" : "moon"));
  };
  const brand = h("div", { class: "brand" }, h("img", { src: "/static/img/purser.svg", alt: "" }), h("h1", null, "Purser", h("span", null, "playground")));
  const tools = h("div", { class: "bar-tools" }, hosts.clock, hosts.breaks, terminalButton, behind, two, hosts.tour, themeButton);
  fill(document.getElementById("topbar"), brand, hosts.status, tools);
  return { hosts, update };
}

function lookBehind(dock) {
  if (dock.shown && dock.shown !== "Terminal") dock.close();
  else dock.open("Payloads");
}

function showStatus(host) {
  const { progress, bot } = store.world ?? {};
  let text = "";
  if (!store.online) text = "The playground does not answer. Is it still running?";
  else if (progress) text = progress.text;
  else if (bot && !bot.connected) text = "The bot is starting…";
  if (host.textContent !== text) fill(host, text && h("span", { class: ["status-chip", !store.online && "status-bad"] }, text));
}

function draw() {
  for (const pane of app.panes) pane.draw();
}

/** Ask who is there until the playground answers: it may be starting, or starting again. */
async function learned() {
  for (;;) {
    try {
      return await learnTheWorkspace();
    } catch (problem) {
      fill(document.getElementById("panes"), h("p", { class: "loading" }, problem.message));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** A playground that was started again may have other people, models and addresses. */
function learnAgain() {
  let wasOnline = true;
  return () => {
    if (store.stranger) showPanes([FIRST]);
    if (store.online && !wasOnline) learnTheWorkspace().catch((problem) => app.toast(problem.message, { kind: "error" }));
    wasOnline = store.online;
  };
}

function keepFilesOut() {
  const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => isFile(event) && event.preventDefault());
}

async function start() {
  await learned();
  keepFilesOut();
  let dock = null;
  const bar = topbar(() => dock);
  dock = new Dock(document.getElementById("dock"), dockTabs(), bar.update);
  app.dock = dock;
  app.on("panes", () => {
    panesChanged();
    bar.update();
  });
  app.on("watch", learnAgain());
  app.on("watch", () => {
    draw();
    showStatus(bar.hosts.status);
  });
  clock.mount(bar.hosts.clock, app);
  breaks.mount(bar.hosts.breaks, app);
  showPanes(remembered());
  tour.mount(document.getElementById("tour"), app, bar.hosts.tour);
}

function dockTabs() {
  const host = () => h("div", { class: "dock-panel" });
  const [one, two, three, four] = [host(), host(), host(), host()];
  const behind = mountInspector({ payloads: two, ledger: three, keys: four }, app);
  return [
    { name: "Terminal", host: one, tool: terminal.mount(one, app) },
    { name: "Payloads", host: two, tool: behind.payloads },
    { name: "Ledger", host: three, tool: behind.ledger },
    { name: "Gateway keys", host: four, tool: behind.keys },
  ];
}

start();
