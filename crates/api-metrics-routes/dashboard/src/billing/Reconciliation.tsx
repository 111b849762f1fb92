// Compares every count of the month. Runs on demand, because it reads the whole month several times.
import { useState } from "react";
import { useReconciliation } from "../api/control";
import * as number from "../format/number";
import { precise } from "../format/time";
import { Failure } from "../ui/states";

export const Reconciliation = ({ month, tz }: { month: string | undefined; tz: string }) => {
  const [requested, setRequested] = useState<string | null>(null);
  const enabled = requested === (month ?? "");
  const check = useReconciliation(month, enabled);
  const result = enabled ? check.data : undefined;
  const differences = [
    ...(result?.days.flatMap((day) => day.differences.map((text) => `${day.date}: ${text}`)) ?? []),
    ...(result?.months.flatMap((each) => each.differences) ?? []),
  ];
  const sumOf = (count: "ledger" | "billed" | "notCounted" | "unbilled") =>
    number.count(result?.days.reduce((sum, day) => sum + day[count], 0));
  return (
    <section className="card" aria-label="Reconciliation">
      <header className="card-head">
        <h2>Reconciliation</h2>
        {result && (
          <span className="badge" data-level={result.agrees ? "good" : "bad"}>
            {result.agrees ? "All counts match" : "Counts differ"}
          </span>
        )}
        <div className="card-tools">
          <button
            type="button"
            disabled={check.isFetching}
            onClick={() => {
              if (enabled) void check.refetch();
              else setRequested(month ?? "");
            }}
          >
            {check.isFetching ? "Checking…" : result ? "Run again" : "Run check"}
          </button>
        </div>
      </header>
      {enabled && check.error && <Failure error={check.error} />}
      {!result && !check.error && (
        <p className="muted card-note">
          Compares the month's counts in the inbox, in every granularity, in query results and on the invoice, all in
          one snapshot.
        </p>
      )}
      {result && (
        <>
          <p className="card-note">
            {sumOf("ledger")} requests: {sumOf("billed")} billed, {sumOf("notCounted")} with a status that is not
            billed, {sumOf("unbilled")} anonymous.{" "}
            <span className="muted">As of {precise(Date.parse(result.asOf), tz)}.</span>
          </p>
          {differences.length > 0 && (
            <ul className="card-note differences">
              {differences.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
};
