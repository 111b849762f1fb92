// What was typed into a form, kept for as long as its tab lives: it survives a reload and the end of a session.
import { type Dispatch, type SetStateAction, useEffect, useState } from "react";
import { useSubject } from "../api/session";

const PREFIX = "api-metrics-draft ";

/** The place of a user's draft: nobody else of the tab finds it. */
export const placeOf = (subject: string, name: string): string => `${PREFIX}${encodeURIComponent(subject)} ${name}`;

interface Kept<T> {
  base: string;
  draft: T;
}

/** The draft in a stored text; null where there is none, or where it was made from something else than `base`. */
export const draftIn = <T>(text: string | null, base: string): T | null => {
  try {
    const kept = JSON.parse(text ?? "null") as Partial<Kept<T>> | null;
    return kept?.base === base ? (kept.draft ?? null) : null;
  } catch {
    return null;
  }
};

const stored = (place: string): string | null => {
  try {
    return window.sessionStorage.getItem(place);
  } catch {
    // Without storage a form lasts as long as it is shown.
    return null;
  }
};

const forgetAt = (place: string): void => {
  try {
    window.sessionStorage.removeItem(place);
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

/** State under a name, and what ends its keeping. A draft that was made from another `base` is dropped. No place for
 * secrets. */
export const useDraft = <T>(
  name: string,
  start: () => T,
  base = "",
): [T, Dispatch<SetStateAction<T>>, () => void] => {
  const subject = useSubject();
  const place = subject === undefined ? null : placeOf(subject, name);
  const [first] = useState(start);
  const [draft, setDraft] = useState<T>(() => (place === null ? null : draftIn<T>(stored(place), base)) ?? first);
  useEffect(() => {
    if (place === null || draft === first) return;
    try {
      window.sessionStorage.setItem(place, JSON.stringify({ base, draft } satisfies Kept<T>));
    } catch {
      // As above.
    }
  }, [place, base, draft, first]);
  return [draft, setDraft, () => place !== null && forgetAt(place)];
};
