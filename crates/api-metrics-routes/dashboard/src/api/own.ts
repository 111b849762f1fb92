// Figures of a filter, each asked for by itself: answers may come late, in another order, or not at all.

/** A snapshot, or null where nothing is known, with the filter that it is of. */
export interface Own<T> {
  filter: string;
  snapshot: T | null;
}

/** Asks, and shows what is answered as long as no other filter is asked for. Of two answers the one that was asked for
 * later stays, and a late failure takes nothing away. */
export class OwnFigures<T> {
  #filter: string | null = null;
  #stop = new AbortController();
  #asked = 0;
  #shown = 0;

  constructor(
    private readonly fetch: (filter: string, signal: AbortSignal) => Promise<T>,
    private readonly show: (own: Own<T>) => void,
  ) {}

  async ask(filter: string): Promise<void> {
    if (filter !== this.#filter) this.forget();
    this.#filter = filter;
    const { signal } = this.#stop;
    this.#asked += 1;
    const number = this.#asked;
    const tell = (snapshot: T | null) => {
      if (signal.aborted || number < this.#shown) return;
      this.#shown = number;
      this.show({ filter, snapshot });
    };
    try {
      tell(await this.fetch(filter, signal));
    } catch {
      tell(null);
    }
  }

  /** Gives up what was asked for. */
  forget(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#filter = null;
  }
}
