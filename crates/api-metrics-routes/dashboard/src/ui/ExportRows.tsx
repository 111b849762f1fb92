// Downloads a table as it is on the screen: its columns under their heads, its rows, names instead of numbers.
import { csv } from "../format/csv";
import type { Column } from "./column";
import { save } from "./save";

interface Props<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  file: string;
  label?: string;
}

const FORMATS = ["csv", "json"] as const;

/** A record a row. Columns of buttons, or of curves, hold nothing to be written. */
export const recordsOf = <Row,>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Record<string, string | number | null>[] => {
  const written = columns.flatMap(({ head, by, plain }) => {
    const of = plain ?? by;
    return of === undefined || head === "" ? [] : [[head, of] as const];
  });
  return rows.map((row) => Object.fromEntries(written.map(([head, of]) => [head, of(row) ?? null])));
};

export const ExportRows = <Row,>({ columns, rows, file, label = "Export" }: Props<Row>) => (
  <span className="export" role="group" aria-label={label}>
    <span className="muted">Export</span>
    {FORMATS.map((format) => (
      <button
        key={format}
        type="button"
        className="ghost"
        disabled={!rows || rows.length === 0}
        aria-label={`${label} as ${format.toUpperCase()}`}
        onClick={() => {
          const records = recordsOf(columns, rows ?? []);
          save(
            format === "csv" ? csv(records) : JSON.stringify(records, null, 2),
            format === "csv" ? "text/csv" : "application/json",
            `${file}.${format}`,
          );
        }}
      >
        {format.toUpperCase()}
      </button>
    ))}
  </span>
);
