// Where requests come from: all of them and not only those in the log, in whole hours. For admins, and only where the
// service tells countries apart.
import { useState } from "react";
import { useCountries } from "../api/requests";
import * as number from "../format/number";
import { Bar } from "../ui/Bar";
import { useLocation } from "../view/location";
import { requestsHref, UNKNOWN_COUNTRY } from "../view/requests";
import { useView } from "../view/view";
import { countryName } from "./words";

const SHOWN = 8;

export const Countries = () => {
  const view = useView();
  const { params } = useLocation();
  const [all, setAll] = useState(false);
  const countries = useCountries(view);
  const rows = countries.data?.data ?? [];
  // Others are refused, and a service that tells no countries apart has none.
  if (rows.length === 0) return null;
  const total = rows.reduce((sum, row) => sum + row.requests, 0);
  const most = Math.max(...rows.map((row) => row.requests));
  return (
    <section className="card countries" aria-label="Countries">
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
