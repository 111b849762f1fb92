// What the page is about beside its time: the range of one's own, the filters as chips, and a link to all of it.
import { useEffect, useState } from "react";
import { iso, moment } from "../format/time";
import { Chips } from "../requests/Chips";
import { appliedOn } from "../view/applied";
import { frozenLink, patch, subjectOf } from "../view/location";
import { spanOf, useView } from "../view/view";
import { CompareWith } from "./CompareWith";
import type { pageOf } from "./pages";

export const ScopeBar = ({ page }: { page: ReturnType<typeof pageOf> }) => {
  const view = useView();
  return (
    <section className="scope-bar" aria-label="Scope">
      {view.period === null && (
        <span className="range-text">
          {moment(Date.parse(view.from ?? ""), view.tz)} –{" "}
          {view.to === null ? "now" : moment(Date.parse(view.to), view.tz)}
          <button type="button" className="ghost" onClick={() => patch({ from: undefined, to: undefined })}>
            Reset
          </button>
        </span>
      )}
      <Chips subject={subjectOf(page.id)} applied={appliedOn(page.id)} />
      {page.compares !== undefined && <CompareWith fallback={page.compares ?? undefined} />}
      <CopyLink />
    </section>
  );
};

/** A link that shows tomorrow what is shown now. */
const CopyLink = () => {
  const view = useView();
  const [link, setLink] = useState<string | null>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = window.setTimeout(() => setCopied(false), 3_000);
    return () => window.clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    // Whole minutes, which answers of other people's links share.
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const { from, to } = spanOf(view, now);
    const text = frozenLink(iso(from), iso(to));
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Only secure pages have a clipboard; elsewhere the text stands there to be copied.
      setLink(text);
    }
  };
  return (
    <span className="copy-link">
      {link !== null && (
        <input
          aria-label="Link to this view"
          readOnly
          value={link}
          ref={(field) => field?.select()}
          onBlur={() => setLink(null)}
        />
      )}
      <button
        type="button"
        className="ghost"
        title="A link to this view with its range as it is now"
        onClick={() => void copy()}
      >
        {copied ? "Copied" : "Copy link"}
      </button>
      <span className="sr" role="status">
        {copied ? "The link was copied" : ""}
      </span>
    </span>
  );
};
