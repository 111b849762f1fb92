// The heatmap as a canvas of cells, readable by pointer and by arrow keys.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { colour, useShade } from "../ui/theme";
import type { GridModel } from "./model";
import { colours, intensity, type Scale } from "./scale";

interface Props {
  model: GridModel;
  scale: Scale;
  rowHeight: number;
  label: string;
  onOpen?: ((row: number, column: number) => void) | undefined;
}

const LEAST_WIDTH = 4;

/** Space in pixels that a column label needs before the next one. */
const LABEL = 68;

/** A pattern of slanted lines: what a cell of which nothing is known is painted with. */
const hatched = (context: CanvasRenderingContext2D, ink: string, ratio: number): CanvasPattern | null => {
  const tile = document.createElement("canvas");
  const size = Math.round(6 * ratio);
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.strokeStyle = ink;
  pen.globalAlpha = 0.45;
  pen.lineWidth = ratio;
  pen.beginPath();
  pen.moveTo(0, size);
  pen.lineTo(size, 0);
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  // The canvas is scaled to the screen's pixels, and the tile is drawn in them.
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
};

const squeezed = (columns: GridModel["columns"], index: number, cell: number): boolean => {
  const next = columns.findIndex((column, at) => at > index && column.tick !== null);
  return next > 0 && (next - index) * cell < Math.min(LABEL, 14 + 6 * (columns[index]?.tick?.length ?? 0));
};

export const Grid = ({ model, scale, rowHeight, label, onOpen }: Props) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const shade = useShade();
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<[number, number] | null>(null);
  const [byKeys, setByKeys] = useState(false);
  const columns = model.columns.length;
  const height = model.rows.length * rowHeight;
  const inner = Math.max(width, columns * LEAST_WIDTH);
  const cell = columns > 0 ? inner / columns : 0;

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // A grid wider than its frame starts scrolled to the end, which is now.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size scrolls to the end again
  useEffect(() => {
    if (frame.current) frame.current.scrollLeft = frame.current.scrollWidth;
  }, [columns, inner]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme repaints with its colours
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || inner === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(inner * ratio);
    element.height = Math.round(height * ratio);
    const paint = colours();
    const none = colour("no-data");
    const hatch = hatched(context, colour("ink-2"), ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, inner, height);
    const gap = cell > 7 ? 1 : 0;
    model.values.forEach((row, r) => {
      row.forEach((value, c) => {
        // Rounded to device pixels, so that neighbours neither overlap nor leave a seam.
        const x = Math.round(c * cell * ratio) / ratio;
        const next = Math.round((c + 1) * cell * ratio) / ratio;
        context.fillStyle = value === null ? none : paint(intensity(value, model.max, scale));
        if (value === null && model.unknown(r, c)) {
          context.fillStyle = hatch ?? none;
          context.fillRect(x, r * rowHeight, next - x, rowHeight - 1);
        } else if (value === null) {
          context.fillRect(x, r * rowHeight + rowHeight / 2 - 1, next - x, 1);
        } else {
          context.fillRect(x, r * rowHeight, next - x - gap, rowHeight - 1);
        }
      });
    });
    if (at) {
      context.strokeStyle = colour("ink");
      context.lineWidth = 2;
      context.strokeRect(at[1] * cell + 0.5, at[0] * rowHeight + 0.5, Math.max(2, cell - 1), rowHeight - 2);
    }
    element.dataset.drawn = "true";
  }, [model, scale, inner, height, cell, rowHeight, at, shade]);

  const point = (event: { clientX: number; clientY: number }): [number, number] | null => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return null;
    const [row, column] = [
      Math.floor((event.clientY - box.top) / rowHeight),
      Math.floor((event.clientX - box.left) / cell),
    ];
    return row >= 0 && row < model.rows.length && column >= 0 && column < columns ? [row, column] : null;
  };

  const onKey = (event: KeyboardEvent) => {
    const [row, column] = at ?? [0, columns - 1];
    const moves: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, columns - 1],
    };
    const move = moves[event.key];
    if (event.key === "Escape") setAt(null);
    else if (event.key === "Enter" && at) onOpen?.(...at);
    else if (move) {
      event.preventDefault();
      setByKeys(true);
      setAt([Math.min(Math.max(move[0], 0), model.rows.length - 1), Math.min(Math.max(move[1], 0), columns - 1)]);
    }
  };

  const shown = at && model.rows[at[0]] && model.columns[at[1]] ? at : null;
  const numbers = shown ? model.describe(...shown) : [];
  const title = shown ? `${model.rows[shown[0]]?.text ?? ""}` : "";
  const when = shown ? (model.columns[shown[1]]?.name ?? "") : "";

  return (
    <div className="heat">
      <ul className="heat-rows" style={{ paddingTop: 0 }}>
        {model.rows.map((row) => (
          <li key={row.id} style={{ height: `${rowHeight}px` }}>
            {row.label}
          </li>
        ))}
      </ul>
      <div className="heat-frame" ref={frame}>
        <div style={{ width: `${inner}px` }} className="heat-inner">
          <canvas
            ref={canvas}
            tabIndex={0}
            role="img"
            aria-label={`${label}. Use the arrow keys to move.`}
            style={{ width: `${inner}px`, height: `${height}px` }}
            onMouseMove={(event) => {
              setByKeys(false);
              setAt(point(event));
            }}
            onMouseLeave={() => setAt(null)}
            onBlur={() => setAt(null)}
            onKeyDown={onKey}
            onClick={(event) => {
              const found = point(event);
              if (found) onOpen?.(...found);
            }}
          />
          <div className="heat-columns" aria-hidden="true">
            {cell > 0 &&
              model.columns.map((column, index) =>
                column.tick === null || squeezed(model.columns, index, cell) ? null : (
                  <span key={column.name} style={{ left: `${index * cell}px` }}>
                    {column.tick}
                  </span>
                ),
              )}
          </div>
          {shown && (
            <div
              className="tip heat-tip"
              data-flip={shown[1] > columns / 2}
              style={{
                top: `${(shown[0] + 1) * rowHeight + 4}px`,
                ...(shown[1] > columns / 2
                  ? { right: `${inner - (shown[1] + 1) * cell}px` }
                  : { left: `${shown[1] * cell}px` }),
              }}
            >
              <div className="tip-time">{when}</div>
              <div className="tip-title">{title}</div>
              {numbers.map(([name, value]) => (
                <div key={name} className="tip-row">
                  <span>{name}</span>
                  <span className="tip-value">{value}</span>
                </div>
              ))}
            </div>
          )}
        </div>
      </div>
      <p className="sr" aria-live="polite">
        {byKeys && shown ? `${title}, ${when}: ${numbers.map(([name, value]) => `${name} ${value}`).join(", ")}` : ""}
      </p>
    </div>
  );
};
