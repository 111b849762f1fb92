// The tooltip, built from DOM nodes: markup in a label stays text, and there is no style attribute
// that the content security policy would refuse.
import { shown } from "../format/shown";
import { nameOf, type TimeChartModel } from "./model";
import { endOf, nameOfSlot } from "./periods";

const node = (name: string, className: string, text?: string): HTMLElement => {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = shown(text);
  return made;
};

/** What is to be known about a period: that it is cut, in progress, or begins elsewhere than the zone's clock says. */
export const notesOf = (model: TimeChartModel, index: number): string[] => {
  const last = model.slots.starts.length - 1;
  const running = model.running && index === last;
  return [
    ...(running ? ["Incomplete: period in progress"] : []),
    ...(!running && model.partial?.[index] ? ["Incomplete: the range begins or ends within this period"] : []),
    ...(model.slots.moved || model.approximate?.[index] ? ["Approximate: only whole UTC periods are kept here"] : []),
  ];
};

export const tooltipOf = (
  model: TimeChartModel,
  index: number,
  tz: string,
  hidden: ReadonlySet<string>,
  leads = false,
): HTMLElement | string => {
  const start = model.slots.starts[index];
  if (start === undefined) return "";
  const box = node("div", "tip");
  box.append(node("div", "tip-time", nameOfSlot(model.slots, index, tz)));
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
    ...notesOf(model, index),
    ...(model.marks ?? []).filter((mark) => mark.at >= start && mark.at < endOf(model.slots, index)).map(nameOf),
    leads ? "Click for its requests" : null,
  ];
  for (const note of notes) if (note) box.append(node("div", "tip-note", note));
  return box;
};
