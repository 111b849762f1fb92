// The numbers of a chart as a table, for screen readers and for copying.
import { span } from "../format/time";
import type { TimeChartModel } from "./model";
import { endOf } from "./slots";

interface Props {
  model: TimeChartModel;
  tz: string;
  caption: string;
}

export const ChartTable = ({ model, tz, caption }: Props) => (
  <div className="plot scroll" tabIndex={0} role="region" aria-label={`${caption}, table`}>
    <table className="table dense">
      <caption className="sr">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {model.series.map((series) => (
            <th key={series.id} scope="col" className="num">{series.name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {model.slots.starts.map((start, index) => ({ start, index })).reverse().map(({ start, index }) => (
          <tr key={start}>
            <th scope="row">
              {span(start, endOf(model.slots, index), tz)}
              {model.running && index === model.slots.starts.length - 1 ? " (incomplete)" : ""}
            </th>
            {model.series.map((series) => (
              <td key={series.id} className="num">{model.exact(series.values[index] ?? null)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
