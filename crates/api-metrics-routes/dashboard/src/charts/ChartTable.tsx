// The values of a chart as a table, for screen readers and for copying.
import { nameOf, type TimeChartModel } from "./model";
import { endOf, nameOfSlot } from "./periods";
import { notesOf } from "./tooltip";

interface Props {
  model: TimeChartModel;
  tz: string;
  caption: string;
  /** Where a slot leads. */
  link?: ((index: number) => string) | undefined;
}

const marksIn = (model: TimeChartModel, from: number, to: number): string[] => [
  ...new Set((model.marks ?? []).filter((mark) => mark.at >= from && mark.at < to).map(nameOf)),
];

export const ChartTable = ({ model, tz, caption, link }: Props) => (
  <div className="plot scroll" tabIndex={0} role="region" aria-label={`${caption}, table`}>
    <table className="table dense">
      <caption className="sr">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {model.series.map((series) => (
            <th key={series.id} scope="col" className="num">
              {series.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {model.slots.starts
          .map((start, index) => ({ start, index }))
          .reverse()
          .map(({ start, index }) => (
            <tr key={start}>
              <th scope="row">
                {link ? (
                  <a href={link(index)}>{nameOfSlot(model.slots, index, tz)}</a>
                ) : (
                  nameOfSlot(model.slots, index, tz)
                )}
                {notesOf(model, index).map((note) => (
                  <span key={note} className="muted">
                    {" "}
                    ({note.split(":")[0]?.toLowerCase()})
                  </span>
                ))}
                {marksIn(model, start, endOf(model.slots, index)).map((text) => (
                  <span key={text} className="muted">
                    {" "}
                    · {text}
                  </span>
                ))}
              </th>
              {model.series.map((series) => (
                <td key={series.id} className="num">
                  {model.exact(series.values[index] ?? null)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  </div>
);
