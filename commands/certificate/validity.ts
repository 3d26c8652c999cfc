/** From a third of its life before the end a certificate is to be replaced; two weeks before it there is hurry. */
export type Validity = 'not valid yet' | 'valid' | 'rotate' | 'ends soon' | 'expired';

const dayMs = 86_400_000;
const hurryDays = 14;

export function validityAt(from: Date, to: Date, now: Date): Validity {
  if (now < from) return 'not valid yet';
  if (now >= to) return 'expired';
  if (to.getTime() - now.getTime() < hurryDays * dayMs) return 'ends soon';
  return to.getTime() - now.getTime() <= (to.getTime() - from.getTime()) / 3 ? 'rotate' : 'valid';
}
export const daysLeft = (to: Date, now: Date): number => Math.floor((to.getTime() - now.getTime()) / dayMs);
