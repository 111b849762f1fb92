// What a rule would have done: how many windows it judged, and when it would have fired.
import type { DryRunAnswer } from "../api/types";
import * as number from "../format/number";
import { precise } from "../format/time";
import { judgedOf } from "./threshold";

const SHOWN = 20;

interface Props {
  run: DryRunAnswer;
  tz: string;
  minRequests: number;
  /** What a minimum is of, and what a window without a value has none of. */
  counted: string;
  /** What a window lacks that is not judged, where that is not these alone. */
  lacks?: string | undefined;
}

export const DryRunResult = ({ run, tz, minRequests, counted, lacks }: Props) => {
  const { breached, judged, notJudged, all } = judgedOf(run);
  const few = lacks ?? (minRequests > 1 ? `fewer than ${number.count(minRequests)} ${counted}` : `no ${counted}`);
  const why = [
    run.tooFew > 0 ? `${number.count(run.tooFew)} had ${few}` : "",
    run.passedOver > 0 ? `${number.count(run.passedOver)} lie in an outage of the store` : "",
  ].filter(Boolean);
  return (
    <div className="dry-run-result" role="status">
      <p>
        <b>
          {run.events.length === 0
            ? "Would not have fired."
            : `Would have fired ${run.events.length === 1 ? "once" : `${number.count(run.events.length)} times`}.`}
        </b>{" "}
        Of {number.count(all)} windows (one every {run.step}), {number.count(breached)} breached,{" "}
        {number.count(judged)} judged,{" "}
        <span data-level={notJudged > 0 ? "some" : undefined}>{number.count(notJudged)} not judged</span>
        {why.length > 0 ? `: ${why.join(", ")}` : ""}.
      </p>
      {run.events.length > 0 && (
        <ol tabIndex={0} aria-label="When it would have fired">
          {run.events
            .slice(-SHOWN)
            .reverse()
            .map((event) => (
              <li key={event.firedAt}>
                <span className="muted">
                  {precise(Date.parse(event.firedAt), tz).replace(/:\d\d$/, "")},{" "}
                  {event.resolvedAt
                    ? `for ${number.age((Date.parse(event.resolvedAt) - Date.parse(event.firedAt)) / 1000)}`
                    : "still firing at the end"}
                </span>{" "}
                {event.message}
              </li>
            ))}
        </ol>
      )}
    </div>
  );
};
