// The theme. Colours are defined in the style sheet for light and dark; canvases read them from there.
import { useSyncExternalStore } from "react";

export type Theme = "auto" | "light" | "dark";

const STORED = "api-metrics-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const stored = (): Theme => {
  try {
    const value = window.localStorage.getItem(STORED);
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    // Without storage the choice lasts as long as the page.
    return "auto";
  }
};

let theme = stored();

const apply = (): void => {
  document.documentElement.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  for (const listener of listeners) listener();
};

dark.addEventListener("change", apply);
apply();

export const setTheme = (next: Theme): void => {
  theme = next;
  try {
    if (next === "auto") window.localStorage.removeItem(STORED);
    else window.localStorage.setItem(STORED, next);
  } catch {
    // As above.
  }
  apply();
};

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => theme);

/** The theme that is shown: "light" or "dark". */
export const useShade = (): string =>
  useSyncExternalStore(subscribe, () => document.documentElement.dataset.theme ?? "light");

export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
