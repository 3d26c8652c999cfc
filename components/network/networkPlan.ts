/** How the parts of a stack reach each other. Public endpoints, each behind Entra, are the only plan so far; the profiles add private ones. */
export interface NetworkPlan {
  readonly kind: 'public';
}
