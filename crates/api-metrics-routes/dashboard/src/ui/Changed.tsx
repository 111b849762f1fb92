// Says what was changed, with the way back.
interface Props {
  text: string;
  undo: (() => void) | null;
  pending: boolean;
  error: Error | null;
}

export const Changed = ({ text, undo, pending, error }: Props) => (
  <p className="changed" role="status">
    {error ? <span className="field-error">{error.message}</span> : text}{" "}
    {undo && (
      <button type="button" className="ghost" disabled={pending} onClick={undo}>
        Undo
      </button>
    )}
  </p>
);
