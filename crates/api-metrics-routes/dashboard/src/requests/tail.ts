// What a live tail shows: the latest requests, and how many were left out. Without effects, so that each step can be
// tested.
import type { LoggedRequest } from "../api/types";

/** Rows that are shown at most. */
export const SHOWN = 200;
/** Requests that are held back at most while a tail is paused. What comes beyond is left out. */
export const HELD = 1_000;

export interface Tail {
  /** The latest first. */
  rows: readonly LoggedRequest[];
  /** Arrived while paused, the latest first. */
  held: readonly LoggedRequest[];
  paused: boolean;
  /** Requests that matched and are not shown, since the tail began. */
  leftOut: number;
}

export const EMPTY: Tail = { rows: [], held: [], paused: false, leftOut: 0 };

/**
 * Rows without repetitions, the latest first. Samples arrive when their minute is over, so arrival is no order; ids
 * begin with their time. (Texts of times don't sort: `…47Z` stands after `…47.5Z`.)
 */
const merged = (rows: readonly LoggedRequest[], more: readonly LoggedRequest[]): LoggedRequest[] => {
  const all = new Map([...rows, ...more].map((row) => [row.id, row]));
  return [...all.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
};

/** What has arrived, and how many more have that are not in it. */
export const arrived = (tail: Tail, data: readonly LoggedRequest[], leftOut: number): Tail => {
  if (!tail.paused) {
    return { ...tail, rows: merged(tail.rows, data).slice(0, SHOWN), leftOut: tail.leftOut + leftOut };
  }
  const known = new Set(tail.rows.map((row) => row.id));
  const held = merged(
    tail.held,
    data.filter((row) => !known.has(row.id)),
  );
  const beyond = Math.max(0, held.length - HELD);
  return { ...tail, held: held.slice(0, HELD), leftOut: tail.leftOut + leftOut + beyond };
};

/** Pauses, or goes on with what was held back. */
export const paused = (tail: Tail, pause: boolean): Tail =>
  pause ? { ...tail, paused: true } : { ...arrived({ ...tail, paused: false }, tail.held, 0), held: [] };

/** The id before all ids of this millisecond: ids begin with their time. */
export const idAt = (ms: number): string => {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};
