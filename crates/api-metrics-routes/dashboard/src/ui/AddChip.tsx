// A button beside a name that makes it a filter of the page.
import { type Params, patch } from "../view/location";

export const AddChip = ({ filter, name }: { filter: Params; name: string }) => (
  <button
    type="button"
    className="add-chip"
    aria-label={`Filter by ${name}`}
    title={`Filter by ${name}`}
    onClick={() => patch(filter)}
  >
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d="M1 2h10L7.2 6.6V10L4.8 11V6.6z" />
    </svg>
  </button>
);
