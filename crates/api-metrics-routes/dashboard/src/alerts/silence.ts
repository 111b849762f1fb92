// A silence while it is planned: the text as typed.
import { fromInput, toInput } from "../format/time";

export interface Draft {
  /** The zone that `from` and `until` are read in. */
  tz: string;
  from: string;
  until: string;
  service: string;
  environment: string;
  endpoint: string;
  alertId: string;
  reason: string;
}

const HOUR = 3_600_000;

/** A silence of an hour from now on. */
export const fresh = (now: number, tz: string): Draft => ({
  tz,
  from: toInput(now, tz),
  until: toInput(now + HOUR, tz),
  service: "",
  environment: "",
  endpoint: "",
  alertId: "",
  reason: "",
});

/** The same instants in another zone. What is no time yet stays as typed. */
export const inZone = (draft: Draft, tz: string): Draft => {
  if (draft.tz === tz) return draft;
  const moved = (text: string): string => {
    const at = fromInput(text, draft.tz);
    return at === null ? text : toInput(at, tz);
  };
  return { ...draft, tz, from: moved(draft.from), until: moved(draft.until) };
};
