// A line without axes for a table cell or a tile, drawn as SVG without the chart library.
interface Props {
  values: readonly (number | null)[];
  colour: string;
  width?: number;
  height?: number;
  label: string;
  /** Fills the space below the line. */
  area?: boolean;
}

export const Sparkline = ({ values, colour, width = 96, height = 22, label, area = false }: Props) => {
  const top = Math.max(...values.map((value) => value ?? 0), 0);
  const x = (index: number) => (values.length < 2 ? width / 2 : 1 + (index / (values.length - 1)) * (width - 2));
  const y = (value: number) => height - 1.5 - (top > 0 ? (value / top) * (height - 3) : 0);
  const runs: [number, number][][] = [];
  let open = false;
  values.forEach((value, index) => {
    if (value === null) {
      open = false;
      return;
    }
    if (!open) runs.push([]);
    open = true;
    runs[runs.length - 1]?.push([x(index), y(value)]);
  });
  const path = (run: [number, number][]) =>
    run.map(([px, py], i) => `${i === 0 ? "M" : "L"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      data-colour={colour}
    >
      {area &&
        runs.map(
          (run, i) =>
            run.length > 1 && (
              <path
                key={`a${i}`}
                className="spark-area"
                d={`${path(run)}L${run[run.length - 1]?.[0].toFixed(1)} ${height}L${run[0]?.[0].toFixed(1)} ${height}Z`}
              />
            ),
        )}
      {runs.map((run, i) =>
        run.length === 1 ? (
          <circle key={i} cx={run[0]?.[0]} cy={run[0]?.[1]} r="1.4" className="spark-dot" />
        ) : (
          <path key={i} className="spark-line" d={path(run)} vectorEffect="non-scaling-stroke" />
        ),
      )}
    </svg>
  );
};
