// A share of a whole. React sets the length by script, which the content security policy allows;
// a style attribute in markup would be refused.
interface Props {
  value: number;
  max: number;
  kind: string;
  label: string;
}

export const Bar = ({ value, max, kind, label }: Props) => (
  <span className="bar" role="img" aria-label={label} data-kind={kind}>
    <span style={{ width: `${max > 0 ? Math.min(100, (100 * value) / max) : 0}%` }} />
  </span>
);
