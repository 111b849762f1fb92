// A labelled text field of a form, with what is wrong with it.
import { useId } from "react";

interface Props {
  label: string;
  value: string;
  hint?: string;
  wrong?: string | null;
  required?: boolean;
  numeric?: boolean;
  disabled?: boolean;
  onChange: (value: string) => void;
}

export const Field = ({
  label,
  value,
  hint = "",
  wrong = null,
  required = false,
  numeric = false,
  disabled = false,
  onChange,
}: Props) => {
  const id = useId();
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <div className="form-control">
        <input
          id={id}
          placeholder={hint}
          value={value}
          required={required}
          disabled={disabled}
          {...(numeric ? { inputMode: "numeric" as const } : {})}
          aria-invalid={wrong !== null}
          aria-describedby={wrong === null ? undefined : `${id}-wrong`}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      {wrong !== null && (
        <p className="field-error" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
};
