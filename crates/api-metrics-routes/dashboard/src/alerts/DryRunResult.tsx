// The result of a dry run: when a rule would have fired.
import type { DryRunAnswer } from "../api/types";
import * as number from "../format/number";
import { precise } from "../format/time";

const SHOWN = 20;

export const DryRunResult = ({ run, tz }: { run: DryRunAnswer; tz: string }) => (
  <div className="dry-run-result" role="status">
    <p>
      <b>
        {run.events.length === 0
          ? "Would not have fired."
          : `Would have fired ${run.events.length === 1 ? "once" : `${number.count(run.events.length)} times`}.`}
      </b>{" "}
      <span className="muted">
        {number.count(run.breaches)} of {number.count(run.windows)} evaluations (every {run.step}) breached the
        threshold.
      </span>
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
