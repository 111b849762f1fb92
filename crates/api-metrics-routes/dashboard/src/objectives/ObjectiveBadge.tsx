// How the objectives stand, in a few words that lead to them. Nothing where there are none.
import { useObjectives } from "../api/objectives";
import { href } from "../view/location";
import { useView } from "../view/view";
import { summary } from "./model";

export const ObjectiveBadge = () => {
  const objectives = useObjectives(useView());
  const found = summary(objectives.data?.data ?? []);
  if (!found) return null;
  return (
    <a className="objective-badge" href={href("objectives")} aria-label={`Objectives: ${found.text}`}>
      Objectives{" "}
      <span className="badge" data-level={found.level}>
        {found.text}
      </span>
    </a>
  );
};
