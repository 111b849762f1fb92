// What was typed into a form, kept for as long as its tab lives: it survives a reload and the end of a session.
import { type Dispatch, type SetStateAction, useEffect, useState } from "react";

const PREFIX = "api-metrics-draft ";

const stored = <T>(name: string): T | null => {
  try {
    return JSON.parse(window.sessionStorage.getItem(PREFIX + name) ?? "null") as T | null;
  } catch {
    // Without storage a form lasts as long as it is shown.
    return null;
  }
};

export const forgetDraft = (name: string): void => {
  try {
    window.sessionStorage.removeItem(PREFIX + name);
  } catch {
    // As above.
  }
};

/** Whoever signs out leaves nothing behind. */
export const forgetDrafts = (): void => {
  try {
    for (const key of Object.keys(window.sessionStorage))
      if (key.startsWith(PREFIX)) window.sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
};

/** State under a name; `forgetDraft` ends its keeping. No place for secrets. */
export const useDraft = <T>(name: string, start: () => T): [T, Dispatch<SetStateAction<T>>] => {
  const [first] = useState(start);
  const [draft, setDraft] = useState<T>(() => stored<T>(name) ?? first);
  useEffect(() => {
    if (draft === first) return;
    try {
      window.sessionStorage.setItem(PREFIX + name, JSON.stringify(draft));
    } catch {
      // As above.
    }
  }, [name, draft, first]);
  return [draft, setDraft];
};
