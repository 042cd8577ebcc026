/* Light or dark: what the system prefers until the visitor says otherwise. */

const KEY = "purser.theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** The theme in force: "light" or "dark". */
export function theme() {
  return document.documentElement.dataset.theme;
}

/** Change to the other one, for good. */
export function toggleTheme() {
  localStorage.setItem(KEY, theme() === "dark" ? "light" : "dark");
  apply();
}

function apply() {
  document.documentElement.dataset.theme = localStorage.getItem(KEY) ?? (prefersDark.matches ? "dark" : "light");
}

prefersDark.addEventListener("change", apply);
apply();
