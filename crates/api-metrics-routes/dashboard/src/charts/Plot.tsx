// One chart on a canvas. It loads ECharts when it is first shown, follows the shared pointer,
// and turns a drag into a time range.

import type { ECharts } from "echarts/core";
import { type KeyboardEvent, useContext, useEffect, useRef, useState } from "react";
import { useShade } from "../ui/theme";
import { HoverContext } from "./hover";
import type { TimeChartModel } from "./model";
import { optionOf } from "./option";
import { endOf, indexOf, nameOfSlot } from "./periods";
import { tooltipOf } from "./tooltip";

interface Props {
  id: string;
  model: TimeChartModel;
  tz: string;
  hidden: ReadonlySet<string>;
  log: boolean;
  /** The text alternative of the chart. */
  label: string;
  onZoom?: ((from: number, to: number) => void) | undefined;
  /** A click on a slot. */
  onPick?: ((index: number) => void) | undefined;
}

type Box = { getRect(): { x: number; y: number; width: number; height: number } };

/** Where a key leads from a slot. */
const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  PageUp: (at) => at + 10,
  PageDown: (at) => at - 10,
  Home: () => 0,
  End: (_, last) => last,
};

/** Shows the tip of a slot. */
const tell = (chart: ECharts, index: number) =>
  // The index that series of marks share, too.
  chart.dispatchAction({
    type: "showTip",
    seriesIndex: 0,
    dataIndex: index,
    x: chart.convertToPixel({ xAxisIndex: 0 }, index) as unknown as number,
    y: 40,
  });

/** Shorter drags, in pixels, are clicks. */
const SHORTEST_DRAG = 6;

export const Plot = ({ id, model, tz, hidden, log, label, onZoom, onPick }: Props) => {
  const host = useRef<HTMLDivElement>(null);
  const brush = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  /** Where the keyboard is. */
  const walked = useRef<number | null>(null);
  /** Where the pointer is, on this chart. */
  const pointer = useRef<{ x: number; y: number } | null>(null);
  const latest = useRef({ model, tz, hidden, onZoom, onPick });
  latest.current = { model, tz, hidden, onZoom, onPick };
  const leads = onPick !== undefined;
  const hover = useContext(HoverContext);
  const shade = useShade();
  const [width, setWidth] = useState(0);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    let gone = false;
    let release = () => {};
    import("./engine").then(
      ({ init }) => {
        if (gone) return;
        const made = init(element, null, { renderer: "canvas" });
        chart.current = made;
        // Only the chart under the pointer shows a tooltip; the others show a line.
        made.on("updateAxisPointer", (event) => {
          const axes = (event as { axesInfo?: { value: number }[] }).axesInfo;
          const index = axes?.[0]?.value;
          if (!dragging && pointer.current)
            hover.set(index === undefined ? null : (latest.current.model.slots.starts[index] ?? null), id);
        });
        let dragging = false;
        let from = 0;
        const renderer = made.getZr();
        const inside = (x: number) => {
          const grid = (made as unknown as { getModel(): { getComponent(n: string): { coordinateSystem: Box } } })
            .getModel()
            .getComponent("grid")
            .coordinateSystem.getRect();
          return Math.min(Math.max(x, grid.x), grid.x + grid.width);
        };
        const show = (a: number, b: number) => {
          const mark = brush.current;
          if (!mark) return;
          mark.hidden = Math.abs(b - a) < SHORTEST_DRAG;
          mark.style.left = `${Math.min(a, b)}px`;
          mark.style.width = `${Math.abs(b - a)}px`;
        };
        const at = (x: number) => Number(made.convertFromPixel({ xAxisIndex: 0 }, x));
        const move = (event: MouseEvent) => show(from, inside(event.clientX - element.getBoundingClientRect().left));
        const stop = (event: MouseEvent) => {
          window.removeEventListener("mousemove", move);
          window.removeEventListener("mouseup", stop);
          dragging = false;
          if (brush.current) brush.current.hidden = true;
          const to = inside(event.clientX - element.getBoundingClientRect().left);
          const { slots } = latest.current.model;
          if (Math.abs(to - from) < SHORTEST_DRAG) {
            const index = at(from);
            if (slots.starts[index] !== undefined) latest.current.onPick?.(index);
            return;
          }
          const [a, b] = [at(Math.min(from, to)), at(Math.max(from, to))];
          const start = slots.starts[Math.max(0, a)];
          if (start !== undefined) latest.current.onZoom?.(start, endOf(slots, Math.min(b, slots.starts.length - 1)));
        };
        renderer.on("mousedown", (event) => {
          if ((!latest.current.onZoom && !latest.current.onPick) || (event.event as MouseEvent).button !== 0) return;
          dragging = true;
          from = inside(event.offsetX);
          window.addEventListener("mousemove", move);
          window.addEventListener("mouseup", stop);
        });
        renderer.on("mousemove", ({ offsetX, offsetY }) => {
          pointer.current = { x: offsetX, y: offsetY };
        });
        renderer.on("globalout", () => {
          pointer.current = null;
          hover.set(null, null);
        });
        const unsubscribe = hover.subscribe(() => {
          const { at: time, source } = hover.get();
          const index = source === id || time === null ? -1 : indexOf(latest.current.model.slots, time);
          const mark = line.current;
          if (!mark) return;
          mark.hidden = index < 0;
          if (index >= 0) mark.style.left = `${made.convertToPixel({ xAxisIndex: 0 }, index) as unknown as number}px`;
        });
        const observer = new ResizeObserver(() => {
          made.resize();
          setWidth(element.clientWidth);
        });
        observer.observe(element);
        setWidth(element.clientWidth);
        release = () => {
          unsubscribe();
          observer.disconnect();
          window.removeEventListener("mousemove", move);
          window.removeEventListener("mouseup", stop);
          made.dispose();
          chart.current = null;
        };
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      release();
    };
  }, [hover, id]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme redraws with its colours
  useEffect(() => {
    if (width === 0) return;
    chart.current?.setOption(
      optionOf(model, { tz, hidden, width, log }, (index) => tooltipOf(model, index, tz, hidden, leads)),
      { notMerge: true },
    );
    // What comes later, such as releases or a refresh, draws anew and would take the tip from who reads it.
    if (chart.current && walked.current !== null)
      tell(chart.current, Math.min(walked.current, model.slots.starts.length - 1));
    else if (pointer.current) chart.current?.dispatchAction({ type: "showTip", ...pointer.current });
    host.current?.setAttribute("data-drawn", "true");
  }, [model, tz, hidden, log, width, shade, leads]);

  // By keyboard: arrows walk over the slots, with Shift they select a range.
  const [at, setAt] = useState<number | null>(null);
  const anchor = useRef<number | null>(null);
  const last = model.slots.starts.length - 1;
  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = STEPS[event.key];
    const drawn = chart.current;
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && at !== null) {
      const from = anchor.current;
      if (from === null || from === at) onPick?.(at);
      else {
        const start = model.slots.starts[Math.min(from, at)];
        if (start !== undefined) onZoom?.(start, endOf(model.slots, Math.max(from, at)));
      }
      leave();
    } else if (step && drawn) {
      event.preventDefault();
      const next = Math.max(0, Math.min(last, step(at ?? last + 1, last)));
      anchor.current = event.shiftKey ? (anchor.current ?? at ?? next) : null;
      setAt(next);
      const mark = brush.current;
      const x = (index: number) => drawn.convertToPixel({ xAxisIndex: 0 }, index) as unknown as number;
      if (mark) {
        const [a, b] = [x(anchor.current ?? next), x(next)];
        mark.hidden = anchor.current === null || anchor.current === next;
        mark.style.left = `${Math.min(a, b)}px`;
        mark.style.width = `${Math.abs(b - a)}px`;
      }
      walked.current = next;
      tell(drawn, next);
      hover.set(model.slots.starts[next] ?? null, id);
    }
  };
  const leave = () => {
    anchor.current = null;
    walked.current = null;
    setAt(null);
    if (brush.current) brush.current.hidden = true;
    chart.current?.dispatchAction({ type: "hideTip" });
    hover.set(null, null);
  };
  const textOf = (index: number): string =>
    [
      nameOfSlot(model.slots, index, tz),
      ...model.series
        .filter((series) => !hidden.has(series.id))
        .map((series) => `${series.name} ${model.exact(series.values[index] ?? null)}`),
      model.note?.(index) ?? "",
    ]
      .filter(Boolean)
      .join(", ");

  return (
    <div className="plot">
      <div
        ref={host}
        className="plot-canvas"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={at ?? Math.max(0, last)}
        aria-valuetext={at === null ? "Arrow keys walk over the times" : textOf(at)}
        onKeyDown={walk}
        onBlur={leave}
      />
      <div ref={line} className="plot-line" hidden />
      <div ref={brush} className="plot-brush" hidden />
      {failed && (
        <p className="plot-failed">The charts could not be loaded. Reload the page, or use the table view.</p>
      )}
    </div>
  );
};
