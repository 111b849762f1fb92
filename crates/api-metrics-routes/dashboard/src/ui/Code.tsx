// Lines of a program, of a command or of a body.
import { Fragment } from "react";

interface Props {
  label: string;
  text: string;
  className?: string;
}

/** Line by line, because a line break within a text would be shown as what it is. */
export const Code = ({ label, text, className }: Props) => (
  <pre className={className} tabIndex={0} role="region" aria-label={label}>
    <code>
      {text.split("\n").map((line, at) => (
        <Fragment key={at}>
          {at > 0 && <br />}
          {line}
        </Fragment>
      ))}
    </code>
  </pre>
);
