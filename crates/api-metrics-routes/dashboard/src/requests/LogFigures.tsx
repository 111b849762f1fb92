// What is known of the log as a whole: what it has dropped, and where all requests come from, in whole hours. For
// admins; countries only where the service tells them apart.
import { useState } from "react";
import { useCountries, useLogStatus } from "../api/requests";
import { useMay } from "../api/session";
import type { RequestCountries } from "../api/types";
import * as number from "../format/number";
import { Bar } from "../ui/Bar";
import { useLocation } from "../view/location";
import { requestsHref, UNKNOWN_COUNTRY } from "../view/requests";
import { useView } from "../view/view";
import { countryName, droppedWords } from "./words";

const SHOWN = 8;

/** Both at once, so that neither pushes the other away. */
export const LogFigures = () => {
  const view = useView();
  const { operate } = useMay();
  const countries = useCountries(view, operate);
  const status = useLogStatus(operate);
  if (countries.isPending || status.isPending) return null;
  // Others than admins are refused, and see none of it.
  const dropped = status.data ? droppedWords(status.data) : null;
  const rows = countries.data?.data ?? [];
  return (
    <>
      {dropped !== null && <p className="muted">{dropped}</p>}
      {rows.length > 0 && <Countries rows={rows} stale={countries.isPlaceholderData} />}
    </>
  );
};

const Countries = ({ rows, stale }: { rows: RequestCountries["data"]; stale: boolean }) => {
  const { params } = useLocation();
  const [all, setAll] = useState(false);
  const total = rows.reduce((sum, row) => sum + row.requests, 0);
  const most = Math.max(...rows.map((row) => row.requests));
  return (
    <section className="card countries" aria-label="Countries" data-stale={stale}>
      <header className="card-head">
        <h2>Countries</h2>
        <span className="muted">{number.plural(total, "request")}, in whole hours</span>
      </header>
      <ol className="country-list">
        {rows.slice(0, all ? rows.length : SHOWN).map((row) => (
          <li key={row.country ?? ""}>
            <a
              href={requestsHref({
                ...params,
                show: undefined,
                id: undefined,
                country: row.country ?? UNKNOWN_COUNTRY,
              })}
            >
              {countryName(row.country)}
            </a>
            <Bar kind="fine" value={row.requests} max={most} label={number.percent((100 * row.requests) / total)} />
            <span className="num">{number.count(row.requests)}</span>
          </li>
        ))}
      </ol>
      {rows.length > SHOWN && (
        <p className="card-note">
          <button type="button" className="ghost" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show fewer" : `Show all ${number.count(rows.length)}`}
          </button>
        </p>
      )}
    </section>
  );
};
