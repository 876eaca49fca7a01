/** Why the attempt before broke off, as its code in words: `model_cut` is "model cut". Pure. */
export const brokeOff = (why: string) => why.replaceAll("_", " ");
