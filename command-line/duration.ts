/** Milliseconds as people read them. */
export const duration = (milliseconds: number) =>
  milliseconds < 9_950 ? `${(milliseconds / 1_000).toFixed(1)} s` : `${Math.round(milliseconds / 1_000)} s`;
