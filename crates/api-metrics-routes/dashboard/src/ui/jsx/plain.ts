import { Fragment, type ReactNode } from "react";
import { shown } from "../../format/shown";

/** Attributes that people read or hear. */
const READ = ["title", "alt", "placeholder", "label", "aria-label", "aria-description", "aria-valuetext"];

const plainChildren = (children: ReactNode): ReactNode => {
  if (typeof children === "string") return shown(children);
  if (Array.isArray(children)) return children.map(plainChildren);
  return children;
};

/**
 * The properties of an element with all text that is read made fit for it. Components pass through: what they
 * render ends in elements.
 */
export const plain = (type: unknown, props: Record<string, unknown>): Record<string, unknown> => {
  if (typeof type !== "string" && type !== Fragment) return props;
  const made: Record<string, unknown> = { ...props };
  if ("children" in made) made.children = plainChildren(made.children as ReactNode);
  for (const name of READ) {
    const value = made[name];
    if (typeof value === "string") made[name] = shown(value);
  }
  return made;
};
