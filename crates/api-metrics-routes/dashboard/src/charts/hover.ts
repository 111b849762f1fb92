// The time under the pointer, shared by all charts of a page.
import { createContext, useContext, useSyncExternalStore } from "react";

export interface Hover {
  at: number | null;
  /** The chart under the pointer. It shows a tooltip; the others show a line and their values. */
  source: string | null;
}

export class HoverStore {
  private value: Hover = { at: null, source: null };
  private readonly listeners = new Set<() => void>();

  readonly get = (): Hover => this.value;

  readonly set = (at: number | null, source: string | null): void => {
    if (this.value.at === at && this.value.source === source) return;
    this.value = { at, source };
    for (const listener of this.listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export const HoverContext = createContext(new HoverStore());

export const useHover = (): Hover => {
  const store = useContext(HoverContext);
  return useSyncExternalStore(store.subscribe, store.get);
};
