// One large figure with its change since the previous period.
import type { ReactNode } from "react";
import type { Change } from "../format/change";
import { Sparkline } from "./Sparkline";

interface Props {
  label: string;
  value: string | null;
  unit?: string;
  detail?: string;
  /** A second figure, beside the label. */
  note?: ReactNode;
  /** Null without a previous period to compare with, undefined while it loads. */
  change: Change | null | undefined;
  spark: readonly (number | null)[] | null;
  colour: string;
}

export const Tile = ({ label, value, detail, note, change, spark, colour }: Props) => (
  <div className="tile card" role="group" aria-label={label} aria-busy={change === undefined} data-tile={label}>
    <div className="tile-label">
      <span>{label}</span>
      {note && <span className="tile-note">{note}</span>}
    </div>
    <div className="tile-value">{value ?? <span className="skeleton line big" />}</div>
    <div className="tile-foot">
      {change ? (
        <span
          className="change"
          data-good={change.good === null ? "neither" : change.good ? "yes" : "no"}
          title="Compared with the previous period"
        >
          {change.text}
        </span>
      ) : (
        <span className="change muted">{change === undefined ? "\u00a0" : "no previous data"}</span>
      )}
      {change !== undefined && detail && <span className="muted tile-detail">{detail}</span>}
    </div>
    <div className="tile-spark">
      {spark?.some((v) => v !== null) && (
        <Sparkline values={spark} colour={colour} width={220} height={34} area label={`${label} over the range`} />
      )}
    </div>
  </div>
);
