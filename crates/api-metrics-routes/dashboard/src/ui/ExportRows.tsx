// Downloads rows that the page has already loaded, for tables without an export in the API.
import { csv } from "../format/csv";

interface Props {
  rows: readonly object[] | undefined;
  file: string;
  label?: string;
}

const FORMATS = ["csv", "json"] as const;

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
