// The tooltip, built from DOM nodes: markup in a label stays text, and there is no style attribute
// that the content security policy would refuse.
import { shown } from "../format/shown";
import { span } from "../format/time";
import { nameOf, type TimeChartModel } from "./model";
import { endOf } from "./slots";

const node = (name: string, className: string, text?: string): HTMLElement => {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = shown(text);
  return made;
};

export const tooltipOf = (
  model: TimeChartModel,
  index: number,
  tz: string,
  hidden: ReadonlySet<string>,
): HTMLElement | string => {
  const start = model.slots.starts[index];
  if (start === undefined) return "";
  const box = node("div", "tip");
  box.append(node("div", "tip-time", span(start, endOf(model.slots, index), tz)));
  for (const series of model.series) {
    if (hidden.has(series.id)) continue;
    const row = node("div", "tip-row");
    const swatch = node("span", "swatch");
    swatch.dataset.colour = series.colour;
    row.append(
      swatch,
      node("span", "tip-name", series.name),
      node("span", "tip-value", model.exact(series.values[index] ?? null)),
    );
    box.append(row);
  }
  const none = model.stretches?.some(({ first, last, kind }) => kind === "none" && first <= index && index <= last);
  const notes = [
    none ? "No data: no process was recording" : null,
    model.note?.(index) ?? null,
    model.running && index === model.slots.starts.length - 1 ? "Incomplete: period in progress" : null,
    ...(model.marks ?? []).filter((mark) => mark.at >= start && mark.at < endOf(model.slots, index)).map(nameOf),
  ];
  for (const note of notes) if (note) box.append(node("div", "tip-note", note));
  return box;
};
