// A row of labelled figures.
export const Figures = ({
  values,
  label,
}: {
  values: readonly (readonly [string, string | null])[];
  label: string;
}) => (
  <dl className="figures card" aria-label={label}>
    {values.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value ?? <span className="skeleton line" />}</dd>
      </div>
    ))}
  </dl>
);
