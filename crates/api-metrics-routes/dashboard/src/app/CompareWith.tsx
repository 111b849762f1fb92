// With which range the page's own is compared.
import { useState } from "react";
import { fromInput, iso, moment, toInput } from "../format/time";
import { useCompared, useReleases } from "../traffic/useCompared";
import { Select } from "../ui/Select";
import { beforeRelease } from "../view/compare";
import { patch, useLocation } from "../view/location";
import { spanOf, useView } from "../view/view";

export const CompareWith = ({ fallback }: { fallback: string | undefined }) => {
  const view = useView();
  const { params } = useLocation();
  const releases = useReleases();
  const compared = useCompared(fallback);
  const value = params.vs ?? fallback ?? "";
  return (
    <>
      <Select
        label="Compare with"
        value={value}
        options={[
          ...(fallback === undefined ? [["", "Nothing"] as const] : []),
          ["previous", "Previous range"],
          ["week", "Last week"],
          ...releases.slice(0, 12).map(({ version }) => [beforeRelease(version), `Before ${version}`] as const),
          ["custom", "Custom"],
        ]}
        onChange={(vs) =>
          patch({
            vs: vs === (fallback ?? "") ? undefined : vs,
            vsFrom: vs === "custom" ? iso(spanOf(view, Date.now()).from - 86_400_000) : undefined,
          })
        }
      />
      {value === "custom" && <Start key={params.vsFrom} at={Date.parse(params.vsFrom ?? "")} />}
      {compared && (
        <span className="muted compared">
          {moment(compared.from, view.tz)} – {moment(compared.to, view.tz)}
        </span>
      )}
    </>
  );
};

/** The start of a range of one's own; it is as long as the page's. */
const Start = ({ at }: { at: number }) => {
  const { tz } = useView();
  const [text, setText] = useState(Number.isNaN(at) ? "" : toInput(at, tz));
  const start = fromInput(text, tz);
  const take = () => {
    if (start !== null && start !== at) patch({ vsFrom: iso(start) });
  };
  return (
    <input
      className="date-field"
      aria-label="Start of the compared range"
      aria-invalid={start === null}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === "Enter" && take()}
    />
  );
};
