// A date and a time as text, with a clock of 24 hours: browsers' own fields follow their language.
interface Props {
  id: string;
  value: string;
  onChange: (value: string) => void;
}

export const DateInput = ({ id, value, onChange }: Props) => (
  <input
    id={id}
    className="date-field"
    inputMode="numeric"
    autoComplete="off"
    spellCheck={false}
    placeholder="2026-11-29 14:05"
    title="Year-month-day hour:minute, 24 hours"
    value={value}
    onChange={(event) => onChange(event.target.value)}
  />
);
