// The time axis of an answer: the API says where each period begins and what it is called.
import { clock, date, day, month, span, weekday } from "../format/time";

/** The axis of an answer, as the API has it. */
export interface Axis {
  step: string;
  alignment: string;
  edges: string[];
  names: string[];
}

/** The periods of an answer, in milliseconds since the epoch. */
export interface Slots {
  starts: number[];
  /** The end of the last period. */
  end: number;
  step: string;
  /** What the zone's clock shows at the start of each period, read as if it were UTC. */
  walls: number[];
  /** Whether periods begin elsewhere than the zone's clock says. */
  moved: boolean;
}

const NONE: Slots = { starts: [], end: 0, step: "", walls: [], moved: false };

/** The periods of an answer; none where it has no axis. */
export const slotsOf = (axis: Axis | null | undefined): Slots => {
  if (!axis) return NONE;
  const edges = axis.edges.map((edge) => Date.parse(edge));
  return {
    starts: edges.slice(0, -1),
    end: edges[edges.length - 1] ?? 0,
    step: axis.step,
    walls: axis.names.map((name) => Date.parse(`${name}Z`)),
    moved: axis.alignment !== "local",
  };
};

export const endOf = (slots: Slots, index: number): number => slots.starts[index + 1] ?? slots.end;

/** The slot that contains `at`; -1 outside the axis. */
export const indexOf = (slots: Slots, at: number): number => {
  let low = 0;
  let high = slots.starts.length - 1;
  if (high < 0 || at < (slots.starts[0] ?? 0) || at >= slots.end) return -1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((slots.starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** Whether periods are whole days or longer, which have dates and no time. */
const isDaily = (step: string): boolean => step === "1d" || step === "1w" || step === "1mo";

/** A period in words: a date, a week or a month by its name, anything shorter by its clock. */
export const nameOfSlot = (slots: Slots, index: number, tz: string): string => {
  const wall = slots.walls[index] ?? 0;
  const start = slots.starts[index] ?? 0;
  if (slots.step === "1d") return date(wall);
  if (slots.step === "1w") return `Week of ${date(wall)}`;
  if (slots.step === "1mo") return month(wall);
  return span(start, endOf(slots, index), tz);
};

/** From the first to the last of some periods in words. */
export const spanOfSlots = (slots: Slots, first: number, last: number, tz: string): string => {
  if (first === last) return nameOfSlot(slots, first, tz);
  if (isDaily(slots.step)) return `${nameOfSlot(slots, first, tz)} – ${nameOfSlot(slots, last, tz)}`;
  return span(slots.starts[first] ?? 0, endOf(slots, last), tz);
};

/** The label of a period on an axis. */
export const labelOf = (slots: Slots, index: number): string => {
  const wall = slots.walls[index];
  if (wall === undefined) return "";
  const length = slots.end - (slots.starts[0] ?? 0);
  if (slots.step === "1mo") return month(wall);
  if (isDaily(slots.step) || length > 4 * 86_400_000) return day(wall, "UTC");
  if (length > 86_400_000 * 1.5) return `${weekday(wall, "UTC").split(",")[0]} ${clock(wall, "UTC")}`;
  return clock(wall, "UTC");
};

/** Hours between two labels, the least first. */
const HOURS = [1 / 60, 2 / 60, 5 / 60, 10 / 60, 0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760];

/** The periods that get a label: about `wanted` of them, on round times of the zone's clock. */
export const ticks = (slots: Slots, wanted: number): Set<number> => {
  const length = (slots.end - (slots.starts[0] ?? 0)) / 3_600_000;
  const every = HOURS.find((hours) => length / hours <= wanted) ?? 8760;
  const chosen = new Set<number>();
  if (isDaily(slots.step)) {
    const step = Math.max(1, Math.ceil(slots.starts.length / Math.max(1, wanted)));
    for (let index = 0; index < slots.starts.length; index += step) chosen.add(index);
    return chosen;
  }
  const first = slots.walls[0] ?? 0;
  slots.walls.forEach((wall, index) => {
    const minutes = Math.floor((wall % 86_400_000) / 60_000);
    const round = every < 24 ? minutes % Math.round(every * 60) === 0 : minutes === 0;
    if (!round) return;
    if (every > 24 && Math.round((wall - first) / 86_400_000) % Math.round(every / 24) !== 0) return;
    chosen.add(index);
  });
  return chosen;
};
