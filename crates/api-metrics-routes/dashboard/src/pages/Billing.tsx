// The cost of a month by day and by consumer, its projection and its invoice.
import { useEffect, useMemo } from "react";
import { useBilling } from "../api/control";
import { useMay } from "../api/session";
import type { BillingPage, KeyUsage } from "../api/types";
import { amountIn, byDay, currenciesOf, monthName, months, roughly, spark } from "../billing/costs";
import { Invoice } from "../billing/Invoice";
import { Plans } from "../billing/Plans";
import { Reconciliation } from "../billing/Reconciliation";
import { TimeChart } from "../charts/TimeChart";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { Bar } from "../ui/Bar";
import { Deferred } from "../ui/Deferred";
import { Figures } from "../ui/Figures";
import { SegmentedControl } from "../ui/SegmentedControl";
import { Select } from "../ui/Select";
import { Sparkline } from "../ui/Sparkline";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { href, patch, useLocation } from "../view/location";
import { between, requestsHref } from "../view/requests";
import { useView } from "../view/view";

const Billing = () => {
  const view = useView();
  const { operate } = useMay();
  const { params } = useLocation();
  const known = months(Date.now(), 13);
  const month = params.month !== undefined && known.includes(params.month) ? params.month : undefined;
  const billing = useBilling(view, { month });
  const page = billing.data;
  const currencies = page ? currenciesOf(page) : [];
  const currency = currencies.find((each) => each === params.currency) ?? currencies[0] ?? "USD";
  useEffect(() => {
    void import("../charts/Plot");
    void import("../charts/engine");
  }, []);
  const model = useMemo(() => (page ? byDay(page, currency) : null), [page, currency]);
  return (
    <>
      <header className="page-head">
        <h1>Billing</h1>
        <Select
          label="Month"
          value={month ?? known[0] ?? ""}
          options={known.map((each) => [each, monthName(each)])}
          onChange={(next) => patch({ month: next === known[0] ? undefined : next })}
        />
        {currencies.length > 1 && (
          <SegmentedControl
            label="Currency"
            value={currency}
            options={currencies.map((each) => [each, each])}
            onChange={(value) => patch({ currency: value }, true)}
          />
        )}
        <span className="muted">Billing periods are in UTC and do not follow the time range above</span>
      </header>
      {billing.error && !page && <Failure error={billing.error} retry={() => void billing.refetch()} />}
      <MonthlyTotals page={page} currency={currency} current={month === undefined || month === known[0]} />
      <div className="tall">
        <TimeChart
          name="cost"
          title="Daily cost"
          model={model}
          error={billing.error}
          empty={page?.total.requests === 0}
          stale={billing.isPlaceholderData}
          zooms={false}
          nothing="No charges in this month."
        />
      </div>
      <CostByConsumer
        page={page}
        month={month}
        currency={currency}
        error={billing.error}
        stale={billing.isPlaceholderData}
      />
      <Deferred ready={page !== undefined || billing.error !== null}>
        <Invoice month={month} />
        <Plans />
        {operate && <Reconciliation month={month} tz={view.tz} />}
      </Deferred>
    </>
  );
};

const MonthlyTotals = ({
  page,
  currency,
  current,
}: {
  page: BillingPage | undefined;
  currency: string;
  current: boolean;
}) => {
  const projected = page?.projection.find((each) => each.projectedCost.currency === currency);
  const cost = page ? (amountIn(page.total.cost, currency) ?? "0") : null;
  // Only requests billed in this currency count towards its cost per thousand.
  const requests =
    page?.data.filter((row) => amountIn(row.cost, currency) !== null).reduce((sum, row) => sum + row.requests, 0) ??
    0;
  return (
    <Figures
      label="Monthly totals"
      values={[
        [current ? "Month to date" : "Total cost", page ? number.money(cost, currency) : null],
        ...(page && page.projection.length === 0
          ? []
          : [
              ["Projected cost", page ? number.money(projected?.projectedCost.amount, currency) : null] as const,
              ["Projected requests", page ? number.count(projected?.projectedRequests) : null] as const,
            ]),
        ["Billable requests", page ? number.count(requests) : null],
        [
          "Cost per 1,000",
          page ? (requests > 0 ? number.money((1000 * Number(cost)) / requests, currency, 4) : number.NONE) : null,
        ],
        [
          "Consumers",
          page
            ? number.count(
                page.data.filter((row) => row.cost.length === 0 || amountIn(row.cost, currency) !== null).length,
              )
            : null,
        ],
        ["Anonymous requests", page ? number.count(page.unbilledRequests) : null],
      ]}
    />
  );
};

const CostByConsumer = ({
  page,
  month,
  currency,
  error,
  stale,
}: {
  page: BillingPage | undefined;
  month: string | undefined;
  currency: string;
  error: unknown;
  stale: boolean;
}) => {
  const all = page?.data;
  // Consumers of another currency have nothing in this one.
  const rows = useMemo(
    () => all?.filter((row) => row.cost.length === 0 || amountIn(row.cost, currency) !== null),
    [all, currency],
  );
  const others = (all?.length ?? 0) - (rows?.length ?? 0);
  const total = page ? roughly(page.total.cost, currency) : 0;
  const tenants = rows?.some((row) => row.tenantId != null) ?? false;
  const columns = useMemo(
    (): Column<KeyUsage>[] => [
      {
        id: "key",
        head: "Consumer",
        by: consumerName,
        cell: (row) => <a href={href("consumer", { key: String(row.apiKeyId) })}>{consumerName(row)}</a>,
      },
      ...(tenants
        ? [
            {
              id: "tenant",
              head: "Tenant",
              wide: 2 as const,
              by: (row: KeyUsage) => row.tenantId ?? null,
              cell: (row: KeyUsage) => row.tenantId ?? number.NONE,
            },
          ]
        : []),
      {
        id: "requests",
        head: "Requests",
        number: true,
        by: (row) => row.requests,
        cell: (row) =>
          page ? (
            // All services and environments are billed.
            <a
              href={requestsHref({
                ...between(Date.parse(page.from), Date.parse(page.to)),
                service: undefined,
                env: undefined,
                key: String(row.apiKeyId),
              })}
            >
              {number.count(row.requests)}
            </a>
          ) : (
            number.count(row.requests)
          ),
      },
      {
        id: "trend",
        head: "Trend",
        wide: 2,
        cell: (row) =>
          page ? <Sparkline values={spark(page, row, currency)} colour="keys" label="Daily cost" /> : null,
      },
      {
        id: "share",
        head: "Share",
        number: true,
        wide: 1,
        by: (row) => roughly(row.cost, currency),
        plain: (row) => number.percent((100 * roughly(row.cost, currency)) / Math.max(total, Number.MIN_VALUE)),
        cell: (row) => {
          const share = (100 * roughly(row.cost, currency)) / Math.max(total, Number.MIN_VALUE);
          return (
            <span className="share">
              <Bar kind="share" value={share} max={100} label={`${number.percent(share)} of total cost`} />
              <span>{number.percent(share)}</span>
            </span>
          );
        },
      },
      {
        id: "cost",
        head: `Cost (${currency})`,
        number: true,
        by: (row) => roughly(row.cost, currency),
        plain: (row) => amountIn(row.cost, currency),
        cell: (row) => (
          <a
            href={href("bill", { key: String(row.apiKeyId), month })}
            title={number.exactMoney(amountIn(row.cost, currency), currency)}
          >
            {number.money(amountIn(row.cost, currency), currency, 4)}
          </a>
        ),
      },
    ],
    [page, month, currency, total, tenants],
  );
  return (
    <Table
      caption="Cost by consumer"
      columns={columns}
      rows={rows}
      idOf={(row) => String(row.apiKeyId)}
      text={(row) => `${consumerName(row)} ${row.tenantId ?? ""}`}
      searchLabel="Search consumers"
      error={error}
      start={{ id: "cost", down: true }}
      lead={
        others > 0 && (
          <p className="muted card-note">
            {number.plural(others, "consumer")} billed in another currency {others === 1 ? "is" : "are"} not among
            them.
          </p>
        )
      }
      empty="No consumers were charged in this month."
      stale={stale}
      file={`billing-${page?.from.slice(0, 7) ?? ""}`}
      exported="Costs"
    />
  );
};

export default Billing;
