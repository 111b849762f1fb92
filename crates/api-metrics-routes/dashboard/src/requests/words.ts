// Requests of the log in words.
import type { LoggedRequest } from "../api/types";
import * as number from "../format/number";

type Weighed = Pick<LoggedRequest, "weight" | "countedStatus" | "outcome">;

/** Whether a request is one of the errors that are all kept. */
const isFailure = (row: Weighed): boolean =>
  row.countedStatus >= 500 || row.outcome === "failed" || row.outcome === "panicked";

/** "all errors", "1 in 20 of the rest"; null without rows. */
const share = (rows: readonly Weighed[], name: string): string | null => {
  if (rows.length === 0) return null;
  const each = rows.reduce((sum, row) => sum + row.weight, 0) / rows.length;
  if (each === 1) return `all ${name === "the rest" ? "of the rest" : name}`;
  return `1 in ${+each.toPrecision(each < 10 ? 2 : 3)} of ${name}`;
};

/** For how many requests these stand, by kind: "all errors, 1 in 20 of the rest". */
export const weightWords = (rows: readonly Weighed[]): string => {
  const stands = rows.reduce((sum, row) => sum + row.weight, 0);
  if (stands === rows.length) return `${number.plural(stands, "request")}, each one kept`;
  const failures = rows.filter(isFailure);
  const others = rows.filter((row) => !isFailure(row));
  const client = others.filter((row) => row.countedStatus >= 400);
  const rest = others.filter((row) => row.countedStatus < 400);
  const whole = [...failures, ...client].every((row) => row.weight === 1);
  const parts = whole
    ? [share([...failures, ...client], "errors"), share(rest, "the rest")]
    : [share(failures, "server errors"), share(client, "client errors"), share(rest, "the rest")];
  const words = parts.filter((part) => part !== null).join(", ");
  return `${number.count(rows.length)} kept of ${number.plural(stands, "request")}: ${words}`;
};

const REASONS: Readonly<Record<string, string>> = {
  everything: "all requests of this route are kept",
  error: "all errors are kept",
  client_error: "a sample of this minute's client errors",
  slow: "among the slowest of its minute",
  sample: "drawn at random from its minute",
};

/** Why a request was kept, and for how many it stands. */
export const keptBecause = ({ weight, reason }: Pick<LoggedRequest, "weight" | "reason">): string => {
  const why = REASONS[reason] ?? reason;
  return weight === 1 ? `Stands for itself: ${why}` : `Stands for ${number.count(weight)} requests: ${why}`;
};

/** The status as it is shown, and what is not in it: how the request ended. */
export const ending = ({
  countedStatus,
  outcome,
}: Pick<LoggedRequest, "countedStatus" | "outcome">): [string, string | null] => [
  String(countedStatus),
  outcome === "completed" ? null : outcome,
];

/** What an error said, with its kind. */
export const errorText = ({
  errorType,
  message,
}: {
  errorType?: string | null | undefined;
  message?: string | null | undefined;
}): string => [errorType, message].filter((part) => part != null && part !== "").join(": ");

/** "New in 1.9.1" where a group began in the range; else null. */
export const newIn = (
  group: { firstSeenAt?: string | null | undefined; firstVersion?: string | null | undefined },
  from: string,
): string | null =>
  group.firstVersion && group.firstSeenAt && Date.parse(group.firstSeenAt) >= Date.parse(from)
    ? `New in ${group.firstVersion}`
    : null;
