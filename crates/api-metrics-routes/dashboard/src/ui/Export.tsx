// Downloads a table from the API, with all columns and all rows.
const FORMATS = ["csv", "json", "ndjson"] as const;

interface Props {
  url: (format: string) => string;
  label?: string;
  formats?: readonly string[];
}

export const Export = ({ url, label = "Export", formats = FORMATS }: Props) => (
  <span className="export" role="group" aria-label={label}>
    <span className="muted">{label}</span>
    {formats.map((format) => (
      <a
        key={format}
        className="button ghost"
        href={url(format)}
        download
        aria-label={`${label} as ${format.toUpperCase()}`}
      >
        {format.toUpperCase()}
      </a>
    ))}
  </span>
);
