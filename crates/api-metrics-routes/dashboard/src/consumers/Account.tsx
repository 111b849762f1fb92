// A consumer's rate limit, quota and current bill.

import { useEffect, useMemo } from "react";
import { useBilling, useQuotas, useRateLimits, useUtilization } from "../api/control";
import { amountIn, currenciesOf } from "../billing/costs";
import { TimeChart } from "../charts/TimeChart";
import * as number from "../format/number";
import { precise } from "../format/time";
import { advice } from "../limits/advice";
import { utilization } from "../limits/utilization";
import { DescriptionList } from "../ui/DescriptionItem";
import { UsageBar } from "../ui/UsageBar";
import { alertHref } from "../view/alert";
import { href } from "../view/location";
import { useView } from "../view/view";

const when = (text: string, tz: string): string => precise(Date.parse(text), tz).replace(/:\d\d$/, "");

/** Calls `onReady` once all three answers have arrived and its height no longer changes. */
export const Account = ({ id, onReady }: { id: string; onReady: () => void }) => {
  const view = useView();
  const limit = useRateLimits(view, id);
  const quota = useQuotas(view, id);
  const bill = useBilling(view, { apiKeyId: id });
  const row = limit.data?.data[0];
  const history = useUtilization(view, row ? id : null);
  const model = useMemo(() => (history.data ? utilization(history.data) : null), [history.data]);
  const used = quota.data?.data[0];
  const owed = bill.data;
  const currency = owed ? (currenciesOf(owed)[0] ?? null) : null;
  const projected = owed?.projection.find((each) => each.projectedCost.currency === currency);
  const settled = [limit, quota, bill].every((each) => each.data !== undefined || each.error !== null);
  useEffect(() => {
    if (settled) onReady();
  });
  return (
    <>
      <div className="thirds account">
        <section className="card" aria-label="Rate limit">
          <header className="card-head">
            <h2>Rate limit</h2>
            {row && (
              <div className="card-tools">
                <a href={href("limits", { key: id })}>All limits</a>
              </div>
            )}
          </header>
          {row ? (
            <>
              <div className="gauge">
                <UsageBar percent={(100 * row.requestsPerMinute) / Math.max(1, row.limit)} label={row.text} wide />
              </div>
              <DescriptionList
                facts={[
                  ["This minute", `${number.count(row.used)} of ${number.count(row.limit)}`],
                  ["Last 60 s", `${number.count(row.requestsPerMinute)} req/min`],
                ]}
              />
              <p className="card-note">{advice(row)}</p>
            </>
          ) : (
            <p className="card-note muted">{limit.data ? "No rate limit set." : "\u00a0"}</p>
          )}
        </section>
        <section className="card" aria-label="Quota">
          <header className="card-head">
            <h2>Quota</h2>
            {used && <span className="muted">{used.period === "month" ? "monthly" : `every ${used.period}`}</span>}
          </header>
          {used ? (
            <>
              <div className="gauge">
                <UsageBar
                  percent={used.usagePercentage}
                  label={`${number.percent(used.usagePercentage)} of the quota used`}
                  wide
                />
              </div>
              <DescriptionList
                facts={[
                  [
                    "Used",
                    `${number.count(used.used)} of ${number.count(used.limit)}${used.unit ? ` ${used.unit}` : ""}`,
                  ],
                  ["Remaining", number.count(used.remaining)],
                  ["Resets", when(used.resetDate, view.tz)],
                  [
                    "Projected to run out",
                    used.remaining === 0
                      ? "Now"
                      : used.projectedExhaustion
                        ? when(used.projectedExhaustion, view.tz)
                        : "Not before the reset",
                  ],
                ]}
              />
            </>
          ) : (
            <p className="card-note muted">{quota.data ? "No quota set." : "\u00a0"}</p>
          )}
        </section>
        <section className="card" aria-label="Current bill">
          <header className="card-head">
            <h2>Current bill</h2>
            <span className="muted">this month, in UTC</span>
            <div className="card-tools">
              <a href={href("bill", { key: id })}>Why this bill</a>
            </div>
          </header>
          {owed && currency ? (
            <DescriptionList
              facts={[
                ["Month to date", <b key="cost">{number.money(amountIn(owed.total.cost, currency), currency, 4)}</b>],
                ["Billable requests", number.count(owed.total.requests)],
                ["Projected cost", number.money(projected?.projectedCost.amount, currency)],
                ["Projected requests", number.count(projected?.projectedRequests)],
              ]}
            />
          ) : (
            <p className="card-note muted">{owed ? "No charges this month." : "\u00a0"}</p>
          )}
        </section>
      </div>
      {row && (
        <div className="tall">
          <TimeChart
            name="utilization"
            alert={alertHref({ metric: "rate_limit", key: String(row.apiKeyId) })}
            title="Rate limit utilization"
            model={model}
            empty={history.data?.data.length === 0}
            stale={history.isPlaceholderData}
            nothing="No utilization data in this range."
          />
        </div>
      )}
    </>
  );
};
