import type { GridModel } from "./model";

/** The heatmap's values as a table. */
export const HeatTable = ({
  model,
  caption,
  exact,
}: {
  model: GridModel;
  caption: string;
  exact: (value: number) => string;
}) => (
  <div className="scroll-x heat-table" tabIndex={0} role="region" aria-label={`${caption}, table`}>
    <table className="table dense">
      <caption className="sr">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {model.rows.map((row) => (
            <th key={row.id} scope="col" className="num">
              {row.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {model.columns.map((column, c) => (
          <tr key={column.name}>
            <th scope="row">{column.name}</th>
            {model.rows.map((row, r) => {
              const value = model.values[r]?.[c] ?? null;
              return (
                <td key={row.id} className="num">
                  {value === null ? (model.unknown(r, c) ? "unknown" : "–") : exact(value)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
