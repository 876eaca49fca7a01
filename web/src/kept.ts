/**
 * Small choices that this browser keeps: theme, language, which conversation a frame shows. Nothing of what people write.
 *
 * In another site's frame a browser may refuse all storage, by throwing; then they last as long as the page.
 */
export type Kept = { get: (name: string) => string | null; set: (name: string, value: string | null) => void };

export function kept(storage: () => Storage): Kept {
  const otherwise = new Map<string, string>();
  return {
    get: (name) => {
      try {
        return storage().getItem(name);
      } catch {
        return otherwise.get(name) ?? null;
      }
    },
    set: (name, value) => {
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, value);
      } catch {
        if (value === null) otherwise.delete(name);
        else otherwise.set(name, value);
      }
    },
  };
}

export const inThisBrowser = kept(() => localStorage);
export const inThisTab = kept(() => sessionStorage);
