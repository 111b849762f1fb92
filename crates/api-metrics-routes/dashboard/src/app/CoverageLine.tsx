// One line on every page: as of when, and what is stale, approximate or missing.
import { precise } from "../format/time";
import { useView } from "../view/view";
import { type Coverage, wordsOf } from "./coverage";

interface Props {
  coverage: Coverage;
  stale: boolean;
  unreachableSince: number | null;
}

export const CoverageLine = ({ coverage, stale, unreachableSince }: Props) => {
  const { tz } = useView();
  const words = wordsOf(coverage, { stale, unreachableSince }, (at) => precise(at, tz));
  return (
    <p className="coverage" role="status" aria-label="What this page covers" data-stale-page={stale}>
      {words.length === 0 ? "\u00a0" : words.join(" · ")}
    </p>
  );
};
