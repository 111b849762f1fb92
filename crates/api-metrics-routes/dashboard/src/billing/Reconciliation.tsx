// Compares every count of the month. Runs on demand, because it reads the whole month several times.
import { useState } from "react";
import { useReconciliation } from "../api/control";
import * as number from "../format/number";
import { precise } from "../format/time";
import { Failure } from "../ui/states";

export const Reconciliation = ({ month, tz }: { month: string | undefined; tz: string }) => {
  const [asked, setAsked] = useState<string | null>(null);
  const on = asked === (month ?? "");
  const check = useReconciliation(month, on);
  const seen = on ? check.data : undefined;
  const wrong = [
    ...(seen?.days.flatMap((day) => day.differences.map((text) => `${day.date}: ${text}`)) ?? []),
    ...(seen?.months.flatMap((each) => each.differences) ?? []),
  ];
  return (
    <section className="card" aria-label="Reconciliation">
      <header className="card-head">
        <h2>Reconciliation</h2>
        {seen && (
          <span className="badge" data-level={seen.agrees ? "good" : "bad"}>
            {seen.agrees ? "All counts match" : "Counts differ"}
          </span>
        )}
        <div className="card-tools">
          <button
            type="button"
            disabled={check.isFetching}
            onClick={() => {
              if (on) void check.refetch();
              else setAsked(month ?? "");
            }}
          >
            {check.isFetching ? "Checking…" : seen ? "Run again" : "Run check"}
          </button>
        </div>
      </header>
      {on && check.error && <Failure error={check.error} />}
      {!seen && !check.error && (
        <p className="muted card-note">
          Compares the month's counts in the inbox, in every granularity, in query results and on the invoice, all in
          one snapshot.
        </p>
      )}
      {seen && (
        <>
          <p className="card-note">
            {number.count(seen.days.reduce((sum, day) => sum + day.ledger, 0))} requests:{" "}
            {number.count(seen.days.reduce((sum, day) => sum + day.billed, 0))} billed,{" "}
            {number.count(seen.days.reduce((sum, day) => sum + day.notCounted, 0))} with a status that is not billed,{" "}
            {number.count(seen.days.reduce((sum, day) => sum + day.unbilled, 0))} anonymous.{" "}
            <span className="muted">As of {precise(Date.parse(seen.asOf), tz)}.</span>
          </p>
          {wrong.length > 0 && (
            <ul className="card-note differences">
              {wrong.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
};
