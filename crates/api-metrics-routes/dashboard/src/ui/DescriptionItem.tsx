// A list of labelled values, one per line.
import type { ReactNode } from "react";

export const DescriptionList = ({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) => (
  <dl className="description-list">
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
