// A choice between a few options, shown as a row of buttons.
interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

export const SegmentedControl = <T extends string>({ label, value, options, onChange }: Props<T>) => (
  <div className="segmented" role="group" aria-label={label}>
    {options.map(([id, name]) => (
      <button key={id} type="button" aria-pressed={id === value} onClick={() => onChange(id)}>
        {name}
      </button>
    ))}
  </div>
);
