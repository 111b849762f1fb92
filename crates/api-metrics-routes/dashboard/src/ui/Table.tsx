// A table with sortable columns, a search field and pages of rows.
import { Fragment, type ReactNode, useMemo, useState } from "react";
import { patch, useLocation } from "../view/location";
import type { Column } from "./column";
import { ExportRows } from "./ExportRows";
import { searchRows, sortRows } from "./rows";
import { Empty, Failure, SkeletonRows } from "./states";

export type { Column } from "./column";

export interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  idOf: (row: Row) => string;
  error?: unknown;
  retry?: () => void;
  /** The text that the search field looks in. */
  text?: (row: Row) => string;
  searchLabel?: string;
  start: { id: string; down: boolean };
  empty: ReactNode;
  tools?: ReactNode;
  /** The name of the file that its rows are exported to; a table without one has no export. */
  file?: string;
  /** What is exported, where a page has several tables. */
  exported?: string;
  /** Shown between the header and the rows. */
  lead?: ReactNode;
  /** Shown below a row, across all columns; null for nothing. */
  below?: (row: Row) => ReactNode;
  stale?: boolean;
  /** Rows shown at first. */
  shown?: number;
  /** Tells tables of one page apart in the URL, which keeps their order and their search. */
  name?: string;
}

/** Rows shown at first. More are shown on demand, so that ten thousand rows don't block the page. */
const SHOWN = 100;

/** The order that a URL names: a column, with `-` before it for descending. */
export const sortOf = <Row,>(
  text: string | undefined,
  columns: readonly Pick<Column<Row>, "id" | "by">[],
  start: { id: string; down: boolean },
): { id: string; down: boolean } => {
  const down = text?.startsWith("-") ?? false;
  const id = down ? text?.slice(1) : text;
  const column = columns.find((each) => each.id === id && each.by !== undefined);
  return column ? { id: column.id, down } : start;
};

const Below = ({ columns, children }: { columns: number; children: ReactNode }) =>
  children == null ? null : (
    <tr className="below">
      <td colSpan={columns}>{children}</td>
    </tr>
  );

export const Table = <Row,>({
  caption,
  columns,
  rows,
  idOf,
  error,
  retry,
  text,
  searchLabel,
  start,
  empty,
  tools,
  lead,
  below,
  stale = false,
  shown = SHOWN,
  name = "",
  file,
  exported,
}: TableProps<Row>) => {
  const { params } = useLocation();
  const [sorting, finding] = [`${name}sort`, `${name}find`];
  const sort = useMemo(() => sortOf(params[sorting], columns, start), [params, sorting, columns, start]);
  const search = params[finding] ?? "";
  const [limit, setLimit] = useState(shown);

  const sorted = useMemo(() => {
    const found = searchRows(rows ?? [], search, text);
    const by = columns.find((column) => column.id === sort.id)?.by;
    return by ? sortRows(found, by, sort.down) : found;
  }, [rows, search, sort, columns, text]);

  const head = (column: Column<Row>) => {
    // Above buttons of a row there is no title to the eye.
    if (column.head === "") return <span className="sr">Actions</span>;
    if (!column.by) return column.head;
    const on = sort.id === column.id;
    return (
      <button
        type="button"
        className="sort"
        onClick={() => {
          const down = on ? !sort.down : column.number === true;
          const first = column.id === start.id && down === start.down;
          patch({ [sorting]: first ? undefined : `${down ? "-" : ""}${column.id}` }, true);
        }}
      >
        {column.head}
        <span aria-hidden="true" className="sort-mark">
          {on ? (sort.down ? "▼" : "▲") : ""}
        </span>
      </button>
    );
  };

  return (
    <section className="card table-card" aria-label={caption} data-stale={stale}>
      <header className="card-head">
        <h2>{caption}</h2>
        {rows && <span className="muted">{search ? `${sorted.length} of ${rows.length}` : rows.length}</span>}
        <div className="card-tools">
          {text && (
            <input
              type="search"
              aria-label={searchLabel ?? `Search ${caption}`}
              placeholder="Search"
              value={search}
              onChange={(event) => patch({ [finding]: event.target.value }, true)}
            />
          )}
          {tools}
          {file !== undefined && (
            <ExportRows
              columns={columns}
              rows={rows && sorted}
              file={file}
              {...(exported === undefined ? {} : { label: exported })}
            />
          )}
        </div>
      </header>
      {rows && lead}
      {error && !rows ? (
        <Failure error={error} retry={retry} />
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label={`${caption}, scrollable`}>
          <table className="table" data-waiting={!rows}>
            <caption className="sr">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th
                    key={column.id}
                    scope="col"
                    className={column.number ? "num" : ""}
                    data-wide={column.wide}
                    title={column.title}
                    aria-sort={sort.id === column.id ? (sort.down ? "descending" : "ascending") : undefined}
                  >
                    {head(column)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {!rows && <SkeletonRows rows={8} columns={columns.length} />}
              {sorted.slice(0, limit).map((row) => (
                <Fragment key={idOf(row)}>
                  <tr>
                    {columns.map((column) => (
                      <td key={column.id} className={column.number ? "num" : ""} data-wide={column.wide}>
                        {column.cell(row)}
                      </td>
                    ))}
                  </tr>
                  {below && <Below columns={columns.length}>{below(row)}</Below>}
                </Fragment>
              ))}
            </tbody>
          </table>
          {rows && sorted.length === 0 && <Empty>{search ? "No results match your search." : empty}</Empty>}
        </div>
      )}
      {sorted.length > limit && (
        <button type="button" className="more" onClick={() => setLimit(limit * 3)}>
          Show more ({sorted.length - limit} remaining)
        </button>
      )}
    </section>
  );
};
