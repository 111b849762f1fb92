// What fires now, above everything else.
import { useAlertEvents } from "../api/acts";
import { precise } from "../format/time";
import { href } from "./location";
import { useView } from "./view";

const RANK = ["critical", "high", "medium", "low"];
const SHOWN = 3;

export const AlertBanner = () => {
  const view = useView();
  const firing = useAlertEvents(view, { open: true }).data?.data;
  if (!firing || firing.length === 0) return null;
  const first = [...firing].sort((a, b) => RANK.indexOf(a.severity) - RANK.indexOf(b.severity) || Date.parse(b.firedAt) - Date.parse(a.firedAt));
  return (
    <section className="banner" role="alert" aria-label="Firing alerts" data-severity={first[0]?.severity}>
      <ul>
        {first.slice(0, SHOWN).map((event) => (
          <li key={event.id}>
            <span className="severity" data-severity={event.severity}>{event.severity}</span>
            <a href={href("alerts", event.alertId == null ? {} : { alert: String(event.alertId) })}>{event.name}</a>
            <span className="banner-text">{event.message}</span>
            <span className="muted">since {precise(Date.parse(event.firedAt), view.tz).replace(/:\d\d$/, "")}</span>
          </li>
        ))}
      </ul>
      {firing.length > SHOWN && <a href={href("alerts")}>and {firing.length - SHOWN} more</a>}
    </section>
  );
};
