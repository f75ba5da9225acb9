/** What the browser keeps for us; where it may keep nothing, the widget works without. */

export interface Memory {
  get: (key: string) => string | null;
  set: (key: string, value: string | null) => void;
  keys: (start: string) => string[];
}

/** Return a memory in `storage`, each key under `scope`; a storage that is denied or full is no error. */
export function memoryIn(storage: () => Storage, scope: string): Memory {
  const safely = <T>(work: (kept: Storage) => T, otherwise: T): T => {
    try {
      return work(storage());
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => safely((kept) => kept.getItem(scope + key), null),
    set: (key, value) =>
      safely((kept) => (value === null ? kept.removeItem(scope + key) : kept.setItem(scope + key, value)), undefined),
    keys: (start) =>
      safely(
        (kept) => Object.keys(kept).filter((key) => key.startsWith(scope + start)).map((key) => key.slice(scope.length)),
        [],
      ),
  };
}
