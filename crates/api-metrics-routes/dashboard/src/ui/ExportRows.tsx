// Downloads rows that the page already has, where the API has no file of its own.
interface Props {
  rows: readonly object[] | undefined;
  file: string;
  label?: string;
}

const FORMATS = ["csv", "json"] as const;

/** A spreadsheet takes a text that begins like this for a formula, and runs it. */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** RFC 4180; the columns of all rows, in the order in which they are first seen. */
const csv = (rows: readonly object[]): string => {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => columns.map((name) => cell((row as Record<string, unknown>)[name])).join(","));
  return [columns.join(","), ...lines, ""].join("\r\n");
};

const save = (text: string, type: string, file: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file;
  link.click();
  URL.revokeObjectURL(url);
};

export const ExportRows = ({ rows, file, label = "Export" }: Props) => (
  <span className="export" role="group" aria-label={label}>
    <span className="muted">Export</span>
    {FORMATS.map((format) => (
      <button
        key={format}
        type="button"
        className="ghost"
        disabled={!rows || rows.length === 0}
        aria-label={`${label} as ${format.toUpperCase()}`}
        onClick={() =>
          save(
            format === "csv" ? csv(rows ?? []) : JSON.stringify(rows, null, 2),
            format === "csv" ? "text/csv" : "application/json",
            `${file}.${format}`,
          )
        }
      >
        {format.toUpperCase()}
      </button>
    ))}
  </span>
);
