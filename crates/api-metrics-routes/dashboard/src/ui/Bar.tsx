// A share of a whole. The length is set by script, which the page's policy allows; a style
// attribute in markup it would not.
interface Props {
  value: number;
  most: number;
  kind: string;
  label: string;
}

export const Bar = ({ value, most, kind, label }: Props) => (
  <span className="bar" role="img" aria-label={label} data-kind={kind}>
    <span style={{ width: `${most > 0 ? Math.min(100, (100 * value) / most) : 0}%` }} />
  </span>
);
